//! Wrong usage reports, made from right ones.

use serde_json::{Value, json};

use crate::scenario::UsageRule;

/// The reports to send, in order, for the right one; none when it is to be left out.
pub(crate) fn reports(right: &Value, rule: UsageRule) -> Vec<Value> {
    match rule {
        UsageRule::Present | UsageRule::First => vec![right.clone()],
        UsageRule::Missing => Vec::new(),
        UsageRule::Zero => vec![mapped(right, &|_| json!(0))],
        UsageRule::Twice => vec![mapped(right, &|count| json!(count / 2)), right.clone()],
        UsageRule::Decreasing => vec![right.clone(), mapped(right, &|count| json!(count / 2))],
        UsageRule::Negative => vec![mapped(right, &|count| json!(-1 - count))],
        UsageRule::Huge => vec![mapped(right, &|_| json!(1_i64 << 53))],
        UsageRule::Text => vec![mapped(right, &|count| json!(count.to_string()))],
        UsageRule::Inconsistent => vec![inconsistent(right)],
        UsageRule::OnlyCached => vec![only_cached(right)],
    }
}

/// The report of a plain answer: the last of [`reports`].
pub(crate) fn report(right: &Value, rule: UsageRule) -> Option<Value> {
    match rule {
        UsageRule::Twice | UsageRule::Decreasing => Some(right.clone()),
        _ => reports(right, rule).pop(),
    }
}

fn mapped(value: &Value, change: &dyn Fn(i64) -> Value) -> Value {
    match value {
        Value::Number(number) => number.as_i64().map_or_else(|| value.clone(), change),
        Value::Array(entries) => entries.iter().map(|entry| mapped(entry, change)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), mapped(value, change))).collect())
        }
        other => other.clone(),
    }
}

/// Totals too small and parts too large.
fn inconsistent(right: &Value) -> Value {
    let mut wrong = right.clone();
    for (name, value) in wrong.as_object_mut().into_iter().flatten() {
        if name.contains("total") {
            *value = json!(1);
        } else if name.contains("ache") || name.contains("houghts") || value.is_object() {
            *value = mapped(value, &|count| json!(count + 1_000_000));
        }
    }
    wrong
}

fn only_cached(right: &Value) -> Value {
    let mut left = right.clone();
    if let Some(fields) = left.as_object_mut() {
        fields.retain(|name, _| name.contains("ache") || name.contains("prompt_tokens_details"));
    }
    left
}
