//! `assets/serving.ron`: links between memories, and steps for several users.

use serde::Deserialize;

use crate::speed::Serving;
use crate::units::{BytesPerSecond, Seconds};

use super::document::{Refused, check_header, options};
use super::engine_doc::invalid;

const FORMAT: &str = "willitrun.serving";

/// Reads the document.
///
/// # Errors
/// The place and the reason.
pub fn read(text: &str) -> Result<Serving, Refused> {
    let document: Document = options().from_str(text)?;
    check_header(&document.format, document.version, FORMAT, 1)?;
    let rate = |field, value: f64| {
        let rate = BytesPerSecond::new(value).filter(|rate| rate.get() > 0.0);
        rate.ok_or_else(|| invalid(field, format!("{value} is no bandwidth")))
    };
    let spread = |field, value: f64| {
        let fits = (0.0..=2.0).contains(&value);
        fits.then_some(value).ok_or_else(|| invalid(field, format!("{value} is not from 0 to 2")))
    };
    let share = |field, value: f64| {
        let fits = value > 0.0 && value <= 1.0;
        fits.then_some(value).ok_or_else(|| invalid(field, format!("{value} is not above 0 and at most 1")))
    };
    let time = |field, micro: f64| {
        Seconds::new(micro * 1e-6).ok_or_else(|| invalid(field, format!("{micro} is no time in microseconds")))
    };
    Ok(Serving {
        pcie_lane: rate("pcie_lane_bytes_per_second", document.pcie_lane_bytes_per_second)?,
        network: rate("network_bytes_per_second", document.network_bytes_per_second)?,
        network_latency: time("network_latency_us", document.network_latency_us)?,
        rpc_call: time("rpc_call_us", document.rpc_call_us)?,
        network_spread: spread("network_spread", document.network_spread)?,
        routing: share("routing", document.routing)?,
        batch_spread: spread("batch_spread", document.batch_spread)?,
        source: document.source,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    source: String,
    pcie_lane_bytes_per_second: f64,
    network_bytes_per_second: f64,
    network_latency_us: f64,
    rpc_call_us: f64,
    network_spread: f64,
    routing: f64,
    batch_spread: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("../../assets/serving.ron");

    #[test]
    fn what_is_out_of_range_is_refused_by_its_field() {
        let serving = read(GOOD).expect("built in");
        assert!((serving.pcie_lane.get() * 16.0 - 25e9).abs() < 1.0);
        for (good, bad, said) in [
            ("network_bytes_per_second: 1.25e9", "network_bytes_per_second: 0.0", "network_bytes_per_second: 0 is no"),
            ("network_latency_us: 50.0", "network_latency_us: -1.0", "network_latency_us: -1 is no time"),
            ("batch_spread: 0.15", "batch_spread: 3.0", "batch_spread: 3 is not from 0 to 2"),
            ("routing: 0.8", "routing: 1.8", "is not above 0 and at most 1"),
            ("version: 1", "version: 2", "version 2 needs a newer app"),
            ("rpc_call_us", "rpc_cost_us", "rpc_cost_us"),
        ] {
            assert!(GOOD.contains(good), "{good}");
            let error = read(&GOOD.replacen(good, bad, 1)).expect_err(bad).to_string();
            assert!(error.contains(said), "{bad}: {error}");
        }
    }
}
