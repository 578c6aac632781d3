//! [`Tended`]: work that its asker polls in place, and that is finished elsewhere when the asker goes away.

use futures_util::FutureExt as _;
use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

type Boxed<T> = Pin<Box<dyn Future<Output = Result<T, Box<dyn Any + Send>>> + Send>>;

/// A future that is never given up half-way: dropped before its end it goes on in a task of its own.
///
/// While it lasts it counts as a task of the tracker, wherever it runs. A panic ends it as an error and not its asker.
pub struct Tended<T: Send + 'static> {
    work: Option<Boxed<T>>,
    tracker: TaskTracker,
    _token: TaskTrackerToken,
}

impl<T: Send + 'static> Tended<T> {
    /// Tends work on behalf of a tracker.
    pub fn new(tracker: &TaskTracker, work: impl Future<Output = T> + Send + 'static) -> Self {
        Self {
            work: Some(Box::pin(AssertUnwindSafe(work).catch_unwind())),
            tracker: tracker.clone(),
            _token: tracker.token(),
        }
    }
}

impl<T: Send + 'static> Future for Tended<T> {
    /// The work's result; `None` when it panicked.
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let Some(work) = &mut self.work else { return Poll::Ready(None) };
        let done = std::task::ready!(work.as_mut().poll(context));
        self.work = None;
        Poll::Ready(done.ok())
    }
}

impl<T: Send + 'static> Drop for Tended<T> {
    fn drop(&mut self) {
        // Outside a runtime nothing can go on; what the work held is then settled by its own guards.
        if let (Some(work), Ok(runtime)) = (self.work.take(), Handle::try_current()) {
            self.tracker.spawn_on(work, &runtime);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tended;
    use tokio::sync::oneshot;
    use tokio_util::task::TaskTracker;

    #[tokio::test]
    async fn work_whose_asker_leaves_is_finished_and_waited_for() {
        let tracker = TaskTracker::new();
        let (go, wait) = oneshot::channel::<()>();
        let (tell, told) = oneshot::channel();
        let mut tended = Box::pin(Tended::new(&tracker, async move {
            wait.await.expect("go");
            tell.send(7).expect("somebody listens");
        }));
        assert!(futures_util::poll!(&mut tended).is_pending());
        tracker.close();
        assert_eq!(tracker.len(), 1, "it counts while it is polled in place");
        drop(tended);
        assert!(!tracker.is_empty(), "it counts when it goes on alone");
        go.send(()).expect("it waits");
        assert_eq!(told.await, Ok(7));
        tracker.wait().await;
    }

    #[tokio::test]
    async fn a_panic_is_no_result_and_leaves_the_asker_alive() {
        let tracker = TaskTracker::new();
        assert_eq!(Tended::new(&tracker, async { 7 }).await, Some(7));
        let broken = Tended::new(&tracker, async {
            assert!(std::hint::black_box(false), "a defect");
            7
        });
        assert_eq!(broken.await, None);
        tracker.close();
        tracker.wait().await;
    }
}
