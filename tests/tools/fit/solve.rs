//! Robust least squares by Levenberg and Marquardt, on logarithms.

/// What is minimised: residuals that depend on few unknowns each, and a pull towards what is expected of each unknown.
pub struct Problem<'a> {
    /// Logarithm of predicted over measured time of one row.
    pub residual: &'a dyn Fn(usize, &[f64]) -> f64,
    pub rows: &'a [usize],
    /// Weight of each row.
    pub weight: &'a dyn Fn(usize) -> f64,
    /// For each unknown, the rows it changes.
    pub touched: &'a [Vec<usize>],
    /// Expected logarithm of each unknown, and how far off it may be.
    pub prior: &'a [(f64, f64)],
    /// From this residual on, errors count linearly.
    pub scale: f64,
    /// Weight of the pull.
    pub pull: f64,
}

const STEP: f64 = 1e-4;
const ROUNDS: usize = 25;

impl Problem<'_> {
    /// Logarithms of the unknowns.
    pub fn solve(&self) -> Vec<f64> {
        let mut at: Vec<f64> = self.prior.iter().map(|(mean, _)| *mean).collect();
        let count = at.len();
        let mut left = self.residuals(&at);
        let mut cost = self.cost(&at, &left);
        let mut damping = 1e-3;
        for _ in 0..ROUNDS {
            let (mut normal, gradient) = self.normal(&at, &left);
            let diagonal: Vec<f64> = (0..count).map(|i| normal[i * count + i]).collect();
            let before = cost;
            loop {
                for i in 0..count {
                    normal[i * count + i] = diagonal[i] * (1.0 + damping);
                }
                let step = cholesky(&normal, &gradient);
                let next: Vec<f64> = at.iter().zip(&step).map(|(x, s)| x - s.clamp(-0.5, 0.5)).collect();
                let residuals = self.residuals(&next);
                let new = self.cost(&next, &residuals);
                if new < cost {
                    (at, left, cost) = (next, residuals, new);
                    damping = f64::max(damping / 3.0, 1e-6);
                    break;
                }
                damping *= 4.0;
                if damping > 1e4 {
                    return at;
                }
            }
            if before - cost < 1e-4 * before {
                break;
            }
        }
        at
    }

    fn residuals(&self, at: &[f64]) -> Vec<f64> {
        self.rows.iter().map(|&row| (self.residual)(row, at)).collect()
    }

    fn cost(&self, at: &[f64], residuals: &[f64]) -> f64 {
        let rows = self.rows.iter().zip(residuals).map(|(&row, r)| {
            let weight = (self.weight)(row);
            weight * weight * self.scale * self.scale * 2.0 * ((1.0 + (r / self.scale).powi(2)).sqrt() - 1.0)
        });
        let pulls = at.iter().zip(self.prior).map(|(x, (mean, sd))| (self.pull * (x - mean) / sd).powi(2));
        rows.sum::<f64>() + pulls.sum::<f64>()
    }

    /// The normal matrix and the gradient, each row weighted by how far off it is.
    fn normal(&self, at: &[f64], residuals: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let count = at.len();
        let mut slopes = vec![vec![0.0; count]; self.rows.len()];
        let place: std::collections::HashMap<usize, usize> =
            self.rows.iter().enumerate().map(|(place, row)| (*row, place)).collect();
        let mut moved = at.to_vec();
        for (unknown, rows) in self.touched.iter().enumerate() {
            moved[unknown] += STEP;
            for row in rows {
                if let Some(&place) = place.get(row) {
                    slopes[place][unknown] = ((self.residual)(*row, &moved) - residuals[place]) / STEP;
                }
            }
            moved[unknown] = at[unknown];
        }
        let mut normal = vec![0.0; count * count];
        let mut gradient = vec![0.0; count];
        for ((&row, r), slope) in self.rows.iter().zip(residuals).zip(&slopes) {
            let weight = (self.weight)(row).powi(2) / (1.0 + (r / self.scale).powi(2)).sqrt();
            let set: Vec<usize> = (0..count).filter(|&i| slope[i] != 0.0).collect();
            for &i in &set {
                gradient[i] += weight * slope[i] * r;
                for &j in &set {
                    normal[i * count + j] += weight * slope[i] * slope[j];
                }
            }
        }
        for (i, (mean, sd)) in self.prior.iter().enumerate() {
            let pull = (self.pull / sd).powi(2);
            normal[i * count + i] += pull;
            gradient[i] += pull * (at[i] - mean);
        }
        (normal, gradient)
    }
}

/// Solves a positive definite system.
fn cholesky(matrix: &[f64], right: &[f64]) -> Vec<f64> {
    let n = right.len();
    let mut lower = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| lower[i * n + k] * lower[j * n + k]).sum();
            let value = matrix[i * n + j] - dot;
            lower[i * n + j] = if i == j { value.max(1e-300).sqrt() } else { value / lower[j * n + j] };
        }
    }
    let mut x = right.to_vec();
    for i in 0..n {
        let dot: f64 = (0..i).map(|k| lower[i * n + k] * x[k]).sum();
        x[i] = (x[i] - dot) / lower[i * n + i];
    }
    for i in (0..n).rev() {
        let dot: f64 = (i + 1..n).map(|k| lower[k * n + i] * x[k]).sum();
        x[i] = (x[i] - dot) / lower[i * n + i];
    }
    x
}
