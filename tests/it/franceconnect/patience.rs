//! How long, and how much, the one outgoing client listens.

use std::time::Duration;

use axum::{Router, http::Request, routing::get};
use passerelle::web::outgoing::{Allow, CallError, Outgoing, Patience};

#[tokio::test]
async fn an_answer_is_waited_for_and_read_so_far_and_no_further() {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new()
        .route("/", get("x".repeat(100)))
        .route("/never", get(std::future::pending::<()>));
    tokio::spawn(async { axum::serve(listener, router).await });
    let outgoing = Outgoing::new(Allow::Loopback).unwrap();
    let ask = async |url: String, seconds, bytes| {
        let patience = Patience { time: Duration::from_secs_f64(seconds), bytes };
        let request = Request::get(url).body(Vec::new()).unwrap();
        outgoing.carry(request, patience).await.map(|answer| answer.into_body().len())
    };
    assert_eq!(ask(base.clone(), 60., 100).await, Ok(100));
    assert_eq!(ask(base.clone(), 60., 99).await, Err(CallError::TooLong));
    assert_eq!(ask(format!("{base}/never"), 0.01, 100).await, Err(CallError::Unreachable));
    let elsewhere = "http://192.0.2.1/".to_owned();
    assert_eq!(ask(elsewhere, 60., 100).await, Err(CallError::Forbidden));
}
