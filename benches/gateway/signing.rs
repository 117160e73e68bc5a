//! RS256 with a 2048-bit key, parsed once: what code exchange and refresh are measured against.

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use tokio::runtime::Runtime;

use crate::{Measure, world::cpu_seconds};

const RUNS: usize = 3;
const SIGNATURES: u32 = 1500;

pub(crate) fn measure(_: &Runtime) -> Vec<Measure> {
    let rate = (0..RUNS).map(|_| signatures_per_cpu_second()).fold(0.0, f64::max);
    vec![Measure { name: "signing_rs256", value: rate, unit: "1/cpu-s", floor: None, runs: RUNS }]
}

/// Signatures of a token of usual length.
pub(crate) fn signatures_per_cpu_second() -> f64 {
    let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let random = SystemRandom::new();
    let token = [b'a'; 900];
    let mut signature = vec![0; key.public_modulus_len()];
    let start = cpu_seconds();
    for _ in 0..SIGNATURES {
        key.sign(&RSA_PKCS1_SHA256, &random, &token, &mut signature).unwrap();
    }
    f64::from(SIGNATURES) / (cpu_seconds() - start)
}
