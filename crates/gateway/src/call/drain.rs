//! A client that left a provider which bills on: read the rest, within bounds, to learn the true usage.

use super::live::{Live, Step};
use crate::state::Gateway;
use domain::generation::Ending;
use std::future::poll_fn;
use std::sync::Arc;

/// Ends an answer whose client has left.
///
/// A provider that stops its meter on cancel is cancelled by dropping its body. Any other is read to its end in a tracked
/// task while there is room for one; beyond the bounds what was delivered is charged.
pub fn client_left(gateway: &Arc<Gateway>, mut live: Live) {
    let permit = if live.stops_on_cancel() || live.is_done() || gateway.is_ending() {
        None
    } else {
        Arc::clone(&gateway.drains).try_acquire_owned().ok()
    };
    let (Some(permit), Ok(runtime)) = (permit, tokio::runtime::Handle::try_current()) else {
        let _receipt = live.end(Ending::Cancelled, 499, None);
        return;
    };
    let shared = Arc::clone(gateway);
    gateway.tasks.spawn_on(
        async move {
            let _permit = permit;
            // Past the deadline what has been learned until then is what counts.
            let _elapsed = tokio::time::timeout(shared.settings.drain_time, read_on(&shared, &mut live)).await;
            let _receipt = live.end(Ending::Cancelled, 499, None);
        },
        &runtime,
    );
}

async fn read_on(gateway: &Gateway, live: &mut Live) {
    let delivered = live.delivered_bytes();
    let limit = u64::try_from(gateway.settings.drain_bytes).unwrap_or(u64::MAX);
    loop {
        let step = poll_fn(|context| live.poll_step(context)).await;
        for mut delta in std::mem::take(&mut live.pending) {
            live.meter(&mut delta);
        }
        let is_over = !matches!(step, Step::More) || live.has_all();
        if is_over || live.delivered_bytes().saturating_sub(delivered) > limit {
            return;
        }
    }
}
