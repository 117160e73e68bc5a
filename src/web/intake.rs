//! How bodies come in: before a deadline, and to their end even where nobody reads them.
//!
//! A caller that is still sending when it is refused would not hear why: the connection breaks under
//! it. So what is left of a body is taken in and thrown away before the refusal goes out.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    body::{Body, BodyDataStream, Bytes, HttpBody},
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use futures_util::{Stream, StreamExt};
use tokio::{
    sync::oneshot,
    time::{Sleep, sleep},
};

/// What nobody reads is taken in up to here; whoever sends more than that will not listen.
const LONGEST_REST: usize = 32 << 20;

/// The rules of taking in, and the words for who breaks them.
#[derive(Clone)]
pub struct Intake {
    /// A body is here within that time, or the request is refused.
    pub within: Duration,
    /// Words for a request on this path that is refused with this status.
    pub refuse: Refuse,
}

/// Words for a path and a status.
pub type Refuse = Arc<dyn Fn(&str, StatusCode) -> Response + Send + Sync>;

impl Intake {
    /// Stands in front of everything else.
    pub async fn watch(State(intake): State<Self>, request: Request, next: Next) -> Response {
        if request.body().is_end_stream() {
            return next.run(request).await;
        }
        let path = request.uri().path().to_owned();
        let (parts, body) = request.into_parts();
        let (hand_back, back) = oneshot::channel();
        let arriving = Arriving {
            frames: body.into_data_stream(),
            by: Box::pin(sleep(intake.within)),
            // Nobody has told such a caller to begin (RFC 9110, section 10.1.1).
            is_waited_for: parts.headers.contains_key(header::EXPECT),
            is_whole: false,
            is_late: false,
        };
        let lent = Lent { arriving: Some(arriving), hand_back: Some(hand_back) };
        let response = next.run(Request::from_parts(parts, Body::from_stream(lent))).await;
        let Ok(mut rest) = back.await else { return response };
        let mut response = if rest.is_late {
            (intake.refuse)(&path, StatusCode::REQUEST_TIMEOUT)
        } else {
            response
        };
        if !rest.drain().await {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// A body on its way.
struct Arriving {
    frames: BodyDataStream,
    by: Pin<Box<Sleep>>,
    is_waited_for: bool,
    is_whole: bool,
    is_late: bool,
}

impl Arriving {
    /// Takes in the rest. False: there is more than we care to hear.
    async fn drain(&mut self) -> bool {
        let mut taken = 0;
        while !self.is_whole && !self.is_late && !self.is_waited_for && taken < LONGEST_REST {
            match self.next().await {
                Some(Ok(frame)) => taken += frame.len(),
                Some(Err(_)) => return false,
                None => {}
            }
        }
        self.is_whole
    }
}

impl Stream for Arriving {
    type Item = Result<Bytes, io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.is_waited_for = false;
        if self.is_whole {
            return Poll::Ready(None);
        }
        if self.by.as_mut().poll(context).is_ready() {
            self.is_late = true;
            return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
        }
        let frame = ready!(self.frames.poll_next_unpin(context));
        self.is_whole = frame.is_none();
        Poll::Ready(frame.map(|frame| frame.map_err(io::Error::other)))
    }
}

/// A body in the hands of who answers; when they let go of it, what is left comes back.
struct Lent {
    arriving: Option<Arriving>,
    hand_back: Option<oneshot::Sender<Arriving>>,
}

impl Stream for Lent {
    type Item = Result<Bytes, io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.arriving {
            Some(arriving) => arriving.poll_next_unpin(context),
            None => Poll::Ready(None),
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(arriving), Some(hand_back)) = (self.arriving.take(), self.hand_back.take()) {
            // Where the request itself is gone, nobody wants the rest of it.
            drop(hand_back.send(arriving));
        }
    }
}
