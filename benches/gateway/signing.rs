//! RS256 with a 2048-bit key, parsed once: what code exchange and refresh are measured against.

use std::sync::Arc;

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use futures_util::{StreamExt, stream};
use tokio::runtime::Runtime;

use crate::{Measure, house::TOGETHER, world::cpu_seconds};

const RUNS: usize = 3;
const SIGNATURES: u32 = 3_000;

pub(crate) fn measure(runtime: &Runtime) -> Vec<Measure> {
    let rates = (0..RUNS).map(|_| runtime.block_on(signatures_per_cpu_second()));
    let rate = rates.fold(0.0, f64::max);
    vec![Measure { name: "signing_rs256", value: rate, unit: "1/cpu-s", floor: None, runs: RUNS }]
}

/// Signatures of a token of usual length, 64 at once on all cores, as the gateway makes them: cores
/// that share their units are slower together.
pub(crate) async fn signatures_per_cpu_second() -> f64 {
    let key = Arc::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
    let start = cpu_seconds();
    let signing = stream::iter(0..SIGNATURES).map(|_| {
        let key = Arc::clone(&key);
        tokio::spawn(async move { sign(&key) })
    });
    signing.buffered(TOGETHER).for_each(async |signed| signed.unwrap()).await;
    f64::from(SIGNATURES) / (cpu_seconds() - start)
}

fn sign(key: &RsaKeyPair) {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &[b'a'; 900], &mut signature).unwrap();
}
