//! The book as its callers see it, on a clock that stands still.

use super::{Bar, Barred, Failed, HealthBook, HealthSettings, Pass, Terms};
use dialect::decode::FailureClass;
use domain::catalog::file::{ModelText, ProviderText};
use domain::catalog::{CatalogBuilder, Endpoint};
use domain::route::HealthState;
use edge::upstream::{Secret, Upstream, UpstreamSource};
use std::sync::Arc;
use std::time::Duration;

const fn at(millis: u64) -> Duration {
    Duration::from_millis(1_000_000 + millis)
}

/// Two models at one provider.
fn endpoints() -> [Arc<Endpoint>; 2] {
    let mut builder = CatalogBuilder::default();
    let provider = serde_json::json!({"slug": "p", "name": "P", "dialect": "openai"});
    builder.provider(serde_json::from_value::<ProviderText>(provider).unwrap());
    for id in ["m/one", "m/two"] {
        let endpoint =
            serde_json::json!({"provider": "p", "upstream_id": id, "price": {"prompt": "1", "completion": "1"}});
        let model = serde_json::json!({"id": id, "context_length": 1000, "endpoints": [endpoint]});
        builder.model(serde_json::from_value::<ModelText>(model).unwrap());
    }
    let catalog = builder.build().unwrap();
    ["m/one", "m/two"].map(|id| Arc::clone(&catalog.model(id).unwrap().endpoints[0]))
}

fn upstream(secret: &str) -> Upstream {
    Upstream {
        slug: "p".to_owned(),
        base_url: "http://127.0.0.1:1".to_owned(),
        secret: Some(Secret::new(secret)),
        disabled: false,
        source: UpstreamSource::Config,
    }
}

/// A book and one endpoint.
struct Desk {
    book: HealthBook,
    endpoint: Arc<Endpoint>,
    upstream: Upstream,
}

impl Desk {
    fn new(settings: HealthSettings) -> Self {
        let [endpoint, _] = endpoints();
        Self { book: HealthBook::new(settings), endpoint, upstream: upstream("first-key") }
    }

    fn admit(&self, now: Duration) -> Result<Pass, Barred> {
        self.book.admit(&self.endpoint, &self.upstream, 100, Terms::Usual, now)
    }

    fn state(&self, now: Duration) -> HealthState {
        self.book.of(&self.endpoint, &self.upstream, now).state
    }

    fn fail(&self, class: FailureClass, wait: Option<u64>, now: Duration) {
        let failed = Failed { class, status: None, wait: wait.map(Duration::from_secs), is_stall: false };
        self.admit(now).unwrap().failed(failed, now);
    }

    fn succeed(&self, took: Duration, now: Duration) {
        let mut pass = self.admit(now).unwrap();
        pass.begun(now + took);
        pass.ended(100, now + took + Duration::from_secs(1));
    }
}

fn desk() -> Desk {
    Desk::new(HealthSettings::default())
}

#[test]
fn five_failures_take_an_endpoint_out_and_one_probe_at_a_time_brings_it_back() {
    let desk = desk();
    for _ in 0..5 {
        assert_ne!(desk.state(at(0)), HealthState::Open);
        desk.fail(FailureClass::Unavailable, None, at(0));
    }
    assert_eq!(desk.state(at(0)), HealthState::Open);
    assert_eq!(desk.admit(at(10)).unwrap_err().by, Bar::Breaker);
    let probe = desk.admit(at(5000)).unwrap();
    assert_eq!(desk.admit(at(5000)).unwrap_err().by, Bar::Breaker, "one probe at a time");
    assert_eq!(desk.state(at(5000)), HealthState::Open);
    drop(probe);
    let mut probe = desk.admit(at(5001)).expect("a left probe is repeated at once");
    probe.begun(at(5100));
    assert_eq!(desk.state(at(5100)), HealthState::Stable, "it is as good as new");
    assert!(desk.admit(at(5100)).is_ok());
}

#[test]
fn an_endpoint_whose_probe_is_due_takes_its_usual_place() {
    let desk = desk();
    (0..5).for_each(|_| desk.fail(FailureClass::Unavailable, None, at(0)));
    assert_eq!(desk.state(at(4999)), HealthState::Open);
    assert_eq!(desk.state(at(5000)), HealthState::Stable);
}

#[test]
fn the_callers_own_mistakes_say_nothing_about_an_endpoint() {
    let desk = desk();
    for class in [FailureClass::Caller, FailureClass::ContextLength, FailureClass::ContentPolicy] {
        (0..50).for_each(|_| desk.fail(class, None, at(0)));
    }
    assert_eq!(desk.state(at(0)), HealthState::Stable);
    let stats = desk.book.stats("m/one", "p", at(0)).unwrap();
    assert_eq!((stats.outcomes_last_30m, stats.in_flight), (0, 0));
}

#[test]
fn rate_limits_put_an_endpoint_back_but_never_open_its_breaker() {
    let desk = desk();
    for _ in 0..2 {
        desk.fail(FailureClass::RateLimit, None, at(0));
    }
    assert_eq!(desk.state(at(0)), HealthState::Unstable);
    assert!(desk.admit(at(0)).is_ok());
    assert_eq!(desk.state(at(30_000)), HealthState::Stable);
}

#[test]
fn a_rate_limited_probe_is_no_recovery() {
    let desk = desk();
    (0..5).for_each(|_| desk.fail(FailureClass::Unavailable, None, at(0)));
    desk.fail(FailureClass::RateLimit, None, at(5000));
    assert_eq!(desk.admit(at(5001)).unwrap_err().by, Bar::Breaker);
    assert!(desk.admit(at(10_000)).is_ok());
}

#[test]
fn a_hint_is_obeyed_for_its_endpoint_and_credential_and_capped() {
    let desk = desk();
    desk.fail(FailureClass::RateLimit, Some(2), at(0));
    let barred = desk.admit(at(500)).unwrap_err();
    assert_eq!((barred.by, barred.wait), (Bar::ToldToWait, Duration::from_millis(1500)));
    let [_, other] = endpoints();
    assert!(desk.book.admit(&other, &desk.upstream, 100, Terms::Usual, at(500)).is_ok(), "another model");
    let key = upstream("second-key");
    assert!(desk.book.admit(&desk.endpoint, &key, 100, Terms::Usual, at(500)).is_ok(), "another credential");
    assert!(desk.admit(at(2000)).is_ok());
    desk.fail(FailureClass::RateLimit, Some(1_000_000_000), at(2000));
    assert_eq!(desk.admit(at(2000)).unwrap_err().wait, Duration::from_secs(60), "a year is a minute");
}

#[test]
fn a_refused_credential_takes_out_all_that_it_opens() {
    let desk = desk();
    let [_, other] = endpoints();
    desk.fail(FailureClass::Credential, None, at(0));
    assert_eq!(desk.admit(at(1)).unwrap_err().by, Bar::Credential);
    assert_eq!(desk.book.admit(&other, &desk.upstream, 100, Terms::Usual, at(1)).unwrap_err().by, Bar::Credential);
    assert_eq!(desk.book.of(&other, &desk.upstream, at(1)).state, HealthState::Open);
    assert!(
        desk.book.admit(&other, &upstream("new-key"), 100, Terms::Usual, at(1)).is_ok(),
        "a new key is a new start"
    );
    let mut probe = desk.admit(at(60_000)).unwrap();
    probe.begun(at(60_001));
    drop(probe);
    assert!(desk.book.admit(&other, &desk.upstream, 100, Terms::Usual, at(60_001)).is_ok());
}

#[test]
fn forbidden_concerns_one_model_only() {
    let desk = desk();
    let failed = Failed { class: FailureClass::Credential, status: Some(403), wait: None, is_stall: false };
    desk.admit(at(0)).unwrap().failed(failed, at(0));
    assert_eq!(desk.admit(at(1)).unwrap_err().by, Bar::Breaker);
    let [_, other] = endpoints();
    assert!(desk.book.admit(&other, &desk.upstream, 100, Terms::Usual, at(1)).is_ok());
}

#[test]
fn the_last_endpoint_is_tried_at_a_bounded_rate_while_it_is_out() {
    let desk = desk();
    (0..5).for_each(|_| desk.fail(FailureClass::Unavailable, None, at(0)));
    let mut tried = 0;
    for step in 0..1000 {
        let now = at(10 + step);
        if let Ok(mut pass) = desk.book.admit(&desk.endpoint, &desk.upstream, 100, Terms::LastResort, now) {
            tried += 1;
            pass.failed(Failed { class: FailureClass::Unavailable, status: None, wait: None, is_stall: false }, now);
        }
    }
    assert_eq!(tried, 5, "five a second");
    let mut pass = desk.book.admit(&desk.endpoint, &desk.upstream, 100, Terms::LastResort, at(1200)).unwrap();
    pass.begun(at(1210));
    assert_eq!(desk.state(at(1210)), HealthState::Stable, "such a try can bring it back");
}

#[test]
fn a_deadline_comes_from_the_endpoints_own_history_and_a_slow_endpoint_is_given_more_time() {
    let desk = desk();
    assert_eq!(desk.book.deadline(&desk.endpoint, 100, at(0)), None, "nothing is known yet");
    for step in 0..100 {
        desk.succeed(Duration::from_millis(100 + step % 10), at(step * 10));
    }
    let deadline = desk.book.deadline(&desk.endpoint, 100, at(5000)).unwrap();
    assert!((109..=124).contains(&deadline.as_millis()), "{deadline:?}");
    assert_eq!(desk.book.deadline(&desk.endpoint, 50_000, at(5000)), None, "long prompts are another matter");
    for step in 0..3 {
        assert_ne!(desk.state(at(5000)), HealthState::Open, "slow is not down");
        let mut pass = desk.admit(at(5000)).unwrap();
        let failed = Failed { class: FailureClass::Unavailable, status: None, wait: None, is_stall: true };
        pass.failed(failed, at(5000) + deadline);
        let expected = if step < 2 { HealthState::Stable } else { HealthState::Unstable };
        assert_eq!(desk.state(at(5200)), expected, "after {} stalls", step + 1);
    }
    let later = desk.book.deadline(&desk.endpoint, 100, at(7000)).unwrap();
    assert!(later > deadline, "{later:?} after {deadline:?}");
}

#[test]
fn an_answer_that_breaks_counts_as_a_failure_and_not_as_a_success() {
    let desk = desk();
    for _ in 0..20 {
        let mut pass = desk.admit(at(0)).unwrap();
        pass.begun(at(1));
        pass.failed(Failed { class: FailureClass::Unavailable, status: None, wait: None, is_stall: false }, at(2));
    }
    assert_eq!(desk.state(at(3)), HealthState::Open, "nothing but broken answers");
    assert_eq!(desk.book.stats("m/one", "p", at(3)).unwrap().uptime_last_5m, Some(0.0));
}

#[test]
fn an_overloaded_endpoint_is_given_less_and_what_ends_makes_room() {
    let desk = desk();
    let mut passes: Vec<_> = (0..20).map(|_| desk.admit(at(0)).unwrap()).collect();
    let failed = Failed { class: FailureClass::Overload, status: Some(503), wait: None, is_stall: false };
    passes.pop().unwrap().failed(failed, at(1));
    assert_eq!(desk.book.stats("m/one", "p", at(1)).unwrap().concurrent_max, Some(14));
    assert_eq!(desk.admit(at(1)).unwrap_err().by, Bar::Full);
    passes.truncate(13);
    assert!(desk.admit(at(1)).is_ok());
}

#[test]
fn nothing_is_taken_out_where_that_is_switched_off() {
    let desk = Desk::new(HealthSettings { ejects: false, ..HealthSettings::default() });
    for class in [FailureClass::Unavailable, FailureClass::Credential, FailureClass::RateLimit] {
        (0..10).for_each(|_| desk.fail(class, Some(30), at(0)));
    }
    assert!(desk.admit(at(0)).is_ok());
    assert_ne!(desk.state(at(0)), HealthState::Open);
}

#[test]
fn the_numbers_for_plan_and_catalogue_are_measured() {
    let desk = desk();
    for step in 0..100 {
        desk.succeed(Duration::from_millis(200), at(step));
    }
    desk.fail(FailureClass::Unavailable, None, at(2000));
    let stats = desk.book.stats("m/one", "p", at(3000)).unwrap();
    let near = |value: Option<f64>, expected: f64| value.is_some_and(|value| (value / expected - 1.0).abs() < 0.13);
    assert!(near(stats.latency_last_30m.p50, 0.2), "{stats:?}");
    assert!(near(stats.throughput_last_30m.p99, 100.0 / 1.2), "{stats:?}");
    assert_eq!((stats.uptime_last_5m, stats.outcomes_last_30m), (Some(100.0), 101));
    let health = desk.book.of(&desk.endpoint, &desk.upstream, at(3000));
    assert!(near(health.latency.p90, 0.2) && near(health.uptime, 100.0 / 101.0), "{health:?}");
    assert_eq!(desk.book.stats("m/two", "p", at(3000)), None, "never called");
}

#[test]
fn a_dead_model_does_not_eat_the_retries_of_another() {
    let desk = desk();
    while desk.book.retry("m/dead", at(0)) {}
    assert!(desk.book.retry("m/alive", at(0)));
}
