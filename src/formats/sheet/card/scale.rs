//! The scales of a plot: the logarithm of the context to the right, a quantity from 0 upwards.

use crate::units::{Tokens, grouped};

/// The shortest context shown.
const SHORTEST: u64 = 512;

/// Contexts to the right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Across {
    least: f64,
    most: f64,
    left: f64,
    width: f64,
}

impl Across {
    pub fn new(limit: Tokens, left: f64, width: f64) -> Self {
        let most = limit.as_f64().max(1.0);
        Self { least: (SHORTEST as f64).min(most), most, left, width }
    }

    pub fn x(&self, context: Tokens) -> f64 {
        let octaves = (self.most / self.least).log2();
        let share = (context.as_f64().clamp(self.least, self.most) / self.least).log2() / octaves;
        self.left + self.width * if share.is_finite() { share } else { 0.0 }
    }

    /// Powers of two and the limit, with their labels; the limit first.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        let mut ticks = vec![(self.x(Tokens::new(self.most as u64)), label(self.most as u64))];
        let mut power = (self.least as u64).next_power_of_two();
        while (power as f64) < self.most {
            ticks.push((self.x(Tokens::new(power)), label(power)));
            power *= 2;
        }
        ticks
    }
}

/// `512`, `8K`, `1M`, and other numbers whole.
fn label(tokens: u64) -> String {
    match tokens {
        t if t >= 1 << 20 && t.is_multiple_of(1 << 20) => format!("{}M", t >> 20),
        t if t >= 1 << 10 && t.is_multiple_of(1 << 10) => format!("{}K", t >> 10),
        t => grouped(t),
    }
}

/// A quantity from 0 upwards.
#[derive(Clone, Copy, Debug)]
pub(super) struct Up {
    pub top: f64,
    pub above: f64,
    pub height: f64,
}

impl Up {
    pub fn y(&self, value: f64) -> f64 {
        let share = value / self.top;
        let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        self.above + self.height * (1.0 - share)
    }

    pub fn bottom(&self) -> f64 {
        self.above + self.height
    }

    /// A few round values with their labels, in multiples of `unit`.
    pub fn steps(&self, unit: f64) -> Vec<(f64, String)> {
        let most = (self.height / 24.0).clamp(1.0, 5.0);
        let step = round_above(self.top / unit / most);
        let decimals = if step >= 1.0 { 0 } else { (-step.log10()).ceil().clamp(1.0, 6.0) as usize };
        (0..8)
            .map(|i| f64::from(i) * step)
            .take_while(|value| value * unit <= self.top * (1.0 + 1e-9))
            .map(|value| {
                let text = if decimals == 0 { grouped(value.round() as u64) } else { format!("{value:.decimals$}") };
                (value * unit, text)
            })
            .collect()
    }
}

/// The least of 1, 2 and 5 times a power of ten that is not below.
pub(super) fn round_above(least: f64) -> f64 {
    if !(least.is_finite() && least > 0.0) {
        return 1.0;
    }
    let ten = 10_f64.powf(least.log10().floor());
    let near = [1.0, 2.0, 5.0].map(|n| n * ten).into_iter().find(|step| *step >= least * (1.0 - 1e-9));
    near.unwrap_or(10.0 * ten)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_has_few_round_steps_and_its_ends() {
        let up = Up { top: 768.0, above: 10.0, height: 120.0 };
        let labels: Vec<String> = up.steps(1.0).into_iter().map(|(_, text)| text).collect();
        assert_eq!(labels, ["0", "200", "400", "600"]);
        assert!((up.y(768.0) - 10.0).abs() < 1e-9 && (up.y(0.0) - 130.0).abs() < 1e-9);
        for (beyond, end) in [(1e9, 10.0), (-5.0, 130.0), (f64::NAN, 130.0)] {
            assert!((up.y(beyond) - end).abs() < 1e-9, "{beyond}");
        }
        let across = Across::new(Tokens::new(163_840), 0.0, 100.0);
        let ticks = across.ticks();
        assert_eq!(ticks[0].1, "160K");
        assert!(ticks.iter().any(|tick| tick.1 == "8K") && ticks.len() < 12, "{ticks:?}");
        let tiny = Across::new(Tokens::new(300), 5.0, 100.0);
        assert!(tiny.x(Tokens::new(300)).is_finite() && tiny.ticks().len() < 3);
    }
}
