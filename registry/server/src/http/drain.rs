//! Reading the rest of an upload that was refused.
//!
//! A connection that is closed with bytes unread is reset, and the client, still sending, may never
//! see why. So what it sends meanwhile is taken and thrown away, if that is not too much.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, EXPECT};
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::timeout;

/// The most that is thrown away.
const MOST: u64 = 8 << 20;
/// How long it may take in all.
const TIME: Duration = Duration::from_secs(5);
/// How long nothing may come.
const PAUSE: Duration = Duration::from_millis(500);

/// A body that can be read on when whoever was to read it has dropped it.
#[derive(Clone)]
pub(crate) struct Upload(Arc<Mutex<Body>>);

impl Upload {
    pub(crate) fn new(body: Body) -> Self {
        Self(Arc::new(Mutex::new(body)))
    }

    /// Throws away what is left, within the bounds.
    pub(crate) async fn drain(self, headers: &HeaderMap) {
        let announced = headers
            .get(CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        // Who asks first whether he may send has not begun.
        if headers.contains_key(EXPECT) || announced.is_some_and(|length| length > MOST) {
            return;
        }
        let all = async {
            let mut taken = 0;
            while let Ok(Some(Ok(frame))) = timeout(PAUSE, poll_fn(|cx| self.poll(cx))).await {
                taken += frame.data_ref().map_or(0, |data| data.len() as u64);
                if taken > MOST {
                    break;
                }
            }
        };
        // Whatever is left after that, the connection is closed.
        _ = timeout(TIME, all).await;
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if body.is_end_stream() {
            return Poll::Ready(None);
        }
        Pin::new(&mut *body).poll_frame(cx)
    }
}

impl HttpBody for Upload {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.poll(cx)
    }

    fn size_hint(&self) -> SizeHint {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        body.size_hint()
    }
}
