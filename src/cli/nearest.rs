//! The known word nearest to one that is not known.

/// The word of the list that the fewest letters tell from this one; none where too many do.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.to_lowercase().replace('_', "-").chars().take(60).collect();
    let told = |known: &str| distance(&word, &known.chars().collect::<Vec<_>>());
    let (near, apart) = known.into_iter().map(|known| (known, told(known))).min_by_key(|(_, apart)| *apart)?;
    // A short word is near to anything.
    (apart <= 1 + word.len() / 4).then_some(near)
}

/// `; did you mean X?`, or nothing.
pub(super) fn hint<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, before: &str) -> String {
    nearest(word, known).map_or_else(String::new, |near| format!("; did you mean {before}{near}?"))
}

/// Letters to add, drop, change or swap with a neighbour: optimal string alignment.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let above = &rows[i - 1];
            let changed = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        let known = ["context", "model", "models", "gpu", "gpu-layers", "kv-k"];
        for (word, expected) in [
            ("contxt", Some("context")),
            ("modle", Some("model")),
            ("modles", Some("models")),
            ("gpu_layer", Some("gpu-layers")),
            ("KV-K", Some("kv-k")),
            ("no-such-option", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
    }
}
