//! Rates, dates and names as this page writes them.

use crate::hardware::{MeasuredRun, Meter, Series};

/// A rate in GB/s without its unit: `0.85`, `5.0`, `1,008`.
pub(super) fn gb(rate: f64) -> String {
    let shown = crate::units::BytesPerSecond::saturating(rate).to_string();
    shown.trim_end_matches(" GB/s").to_owned()
}

/// A share of one: `81 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A spread: `1.4 %`.
pub(super) fn spread(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Operations per second: `165 TFLOP/s`, `52 GFLOP/s`.
pub(super) fn flops(rate: f64) -> String {
    let (scaled, unit) = if rate >= 1e12 { (rate / 1e12, "TFLOP/s") } else { (rate / 1e9, "GFLOP/s") };
    if scaled >= 9.95 { format!("{scaled:.0} {unit}") } else { format!("{scaled:.1} {unit}") }
}

/// `2026-11-22T13:20Z` as `22 Nov 13:20`; what is no such date stays.
pub(super) fn when(at: &str) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let parts = || {
        let (day, time) = at.strip_suffix('Z')?.split_once('T')?;
        let mut day = day.split('-').skip(1);
        let month = day.next()?.parse::<usize>().ok()?.checked_sub(1)?;
        Some(format!("{} {} {time}", day.next()?, MONTHS.get(month)?))
    };
    parts().unwrap_or_else(|| at.to_owned())
}

/// A dial's name.
pub(super) const fn meter(meter: Meter) -> &'static str {
    match meter {
        Meter::Ram => "RAM",
        Meter::Kernel => "Kernel",
        Meter::Gpu => "GPU",
        Meter::Link => "Link",
        Meter::Disk => "Disk",
    }
}

/// A curve's name at its end.
pub(super) fn series(series: Series, card: Option<u32>) -> String {
    let name = match series {
        Series::Search => "looking for threads",
        Series::KernelQ4K => "like Q4_K",
        Series::KernelQ8 => "like Q8_0",
        other => other.name(),
    };
    match (series, card) {
        (Series::OneNode, card) => format!("node {}", card.unwrap_or_default()),
        (Series::OtherNode, _) | (_, None) => name.to_owned(),
        (_, Some(_)) if matches!(series.meter(), Meter::Ram) => name.to_owned(),
        (_, Some(card)) => format!("GPU {card}, {name}"),
    }
}

/// Under what a run was taken: `mains, 4 % other work`.
pub(super) fn conditions(run: &MeasuredRun) -> String {
    let mut parts = Vec::new();
    if !run.power.is_empty() {
        parts.push(format!("on {}", run.power));
    }
    parts.extend(busy(run).map(|busy| format!("other work {}", percent(busy))));
    parts.join(", ")
}

/// The same as short as a table wants it: `mains, 4 % other work`.
pub(super) fn short_conditions(run: &MeasuredRun) -> String {
    let mut parts = Vec::new();
    if !run.power.is_empty() {
        parts.push(run.power.clone());
    }
    parts.extend(busy(run).map(|busy| format!("{} other work", percent(busy))));
    parts.join(", ")
}

/// The share of the time other work had the processor while the RAM was read.
pub(super) fn busy(run: &MeasuredRun) -> Option<f64> {
    run.slowest(Meter::Ram)?.on_core.map(|on_core| (1.0 - on_core).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_short() {
        assert_eq!(when("2026-11-22T13:20Z"), "22 Nov 13:20");
        for odd in ["", "yesterday", "2026-13-22T13:20Z", "2026-00-22T13:20Z"] {
            assert_eq!(when(odd), odd);
        }
    }

    #[test]
    fn rates_have_as_many_digits_as_they_deserve() {
        assert_eq!([8.5e8, 5e9, 3.71e11, 1.008e12].map(gb), ["0.85", "5.0", "371", "1,008"]);
        assert_eq!([5.2e10, 5.2e12, 1.65e14].map(flops), ["52 GFLOP/s", "5.2 TFLOP/s", "165 TFLOP/s"]);
    }
}
