//! Where points lie and which of them are named: points on one another become one spot, and no name overlaps another.
//!
//! Pure geometry, so that it is made once for a picture and tested without one.

use std::collections::HashMap;

use egui::{Align2, Pos2, Rect, Vec2, pos2, vec2};

/// Points nearer than this are one spot.
const NEAR: f32 = 9.0;
/// Half of what a spot's sign takes.
const SIGN: f32 = 8.0;
/// The most names in a picture.
const MOST_NAMES: usize = 48;

/// One or several rows at one place of a picture.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::ui::rank) struct Spot {
    pub at: Pos2,
    /// Rows here, best first.
    pub rows: Vec<usize>,
    /// Where its name stands, if it has room.
    pub name: Option<Rect>,
}

/// Gathers points, best first, into spots: those of one kind that lie on one another. `kind` keeps verdicts apart.
pub(super) fn gather(points: impl IntoIterator<Item = (usize, Pos2, usize)>) -> Vec<Spot> {
    let mut spots: Vec<Spot> = Vec::new();
    let mut cells: HashMap<(i32, i32, usize), Vec<usize>> = HashMap::new();
    for (row, at, kind) in points {
        let cell = |at: f32| (at / NEAR).floor() as i32;
        let (x, y) = (cell(at.x), cell(at.y));
        let around = (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (x + dx, y + dy, kind)));
        let mut near = around.filter_map(|cell| cells.get(&cell)).flatten();
        if let Some(&spot) = near.find(|spot| spots[**spot].at.distance(at) < NEAR) {
            spots[spot].rows.push(row);
        } else {
            cells.entry((x, y, kind)).or_default().push(spots.len());
            spots.push(Spot { at, rows: vec![row], name: None });
        }
    }
    spots
}

/// Gives names a place, in the order of `turns`: right, left, above or below of the spot, inside of `bounds`, and over
/// nothing that is there already. `always` has a name even where it lies over something. `size` tells how large the
/// name of a spot is.
pub(super) fn name(
    spots: &mut [Spot],
    always: Option<usize>,
    turns: impl IntoIterator<Item = usize>,
    bounds: Rect,
    mut taken: Vec<Rect>,
    size: impl Fn(&Spot) -> Vec2,
) {
    let signs: Vec<Rect> = spots.iter().map(|spot| Rect::from_center_size(spot.at, Vec2::splat(2.0 * SIGN))).collect();
    let mut names = 0;
    for turn in always.into_iter().chain(turns) {
        if names == MOST_NAMES {
            return;
        }
        let Some(spot) = spots.get(turn).filter(|spot| spot.name.is_none()) else { continue };
        let size = size(spot);
        let free = places(spot.at, size).into_iter().find(|place| {
            let room = place.expand2(vec2(3.0, 0.0));
            bounds.contains_rect(*place)
                && !taken.iter().any(|other| other.intersects(room))
                && !signs.iter().enumerate().any(|(own, sign)| own != turn && sign.intersects(*place))
        });
        let inside = || places(spot.at, size).into_iter().find(|place| bounds.contains_rect(*place));
        let place = free.or_else(|| (always == Some(turn)).then(inside).flatten());
        if let Some(place) = place {
            taken.push(place);
            spots[turn].name = Some(place);
            names += 1;
        }
    }
}

/// Places of a name beside a spot, the best first.
fn places(at: Pos2, size: Vec2) -> [Rect; 8] {
    let gap = SIGN + 2.0;
    [
        (pos2(at.x + gap, at.y), Align2::LEFT_CENTER),
        (pos2(at.x - gap, at.y), Align2::RIGHT_CENTER),
        (pos2(at.x, at.y - gap), Align2::CENTER_BOTTOM),
        (pos2(at.x, at.y + gap), Align2::CENTER_TOP),
        (pos2(at.x + gap - 4.0, at.y - 5.0), Align2::LEFT_BOTTOM),
        (pos2(at.x + gap - 4.0, at.y + 5.0), Align2::LEFT_TOP),
        (pos2(at.x - gap + 4.0, at.y - 5.0), Align2::RIGHT_BOTTOM),
        (pos2(at.x - gap + 4.0, at.y + 5.0), Align2::RIGHT_TOP),
    ]
    .map(|(corner, anchor)| anchor.anchor_size(corner, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scattered(count: usize) -> Vec<(usize, Pos2, usize)> {
        // A low-discrepancy walk over the picture: the same in every run.
        let at = |i: usize| pos2((i as f32 * 0.618).fract() * 340.0, (i as f32 * 0.414_2).fract() * 350.0);
        (0..count).map(|i| (i, at(i), i % 3)).collect()
    }

    #[test]
    fn points_on_one_another_are_one_spot_of_their_kind() {
        let spots =
            gather([(0, pos2(5.0, 5.0), 0), (1, pos2(9.0, 5.0), 0), (2, pos2(5.0, 5.0), 1), (3, pos2(50.0, 5.0), 0)]);
        let rows: Vec<_> = spots.iter().map(|spot| spot.rows.clone()).collect();
        assert_eq!(rows, [vec![0, 1], vec![2], vec![3]]);
        let many = gather(scattered(10_000));
        assert_eq!(many.iter().map(|spot| spot.rows.len()).sum::<usize>(), 10_000);
        assert!(many.len() < 6000, "{}", many.len());
    }

    #[test]
    fn names_overlap_nothing() {
        for (count, some_have) in [(3, 3), (40, 10), (400, 0), (4000, 0)] {
            let mut spots = gather(scattered(count));
            let bounds = Rect::from_min_size(Pos2::ZERO, vec2(340.0, 350.0));
            let line = Rect::from_min_size(pos2(100.0, 0.0), vec2(60.0, 14.0));
            let turns = 0..spots.len();
            name(&mut spots, None, turns, bounds, vec![line], |spot| vec2(40.0 + spot.rows.len() as f32, 14.0));
            let named: Vec<Rect> = spots.iter().filter_map(|spot| spot.name).collect();
            assert!(named.len() >= some_have, "{} of {count} points have names", named.len());
            for (i, a) in named.iter().enumerate() {
                assert!(bounds.contains_rect(*a) && !a.intersects(line));
                assert!(named[i + 1..].iter().all(|b| !a.intersects(*b)), "{count} points: names overlap");
            }
            for spot in &spots {
                let sign = Rect::from_center_size(spot.at, Vec2::splat(2.0 * SIGN));
                let over = spots.iter().filter(|other| other.at != spot.at).filter_map(|other| other.name);
                assert!(over.into_iter().all(|name| !name.intersects(sign)), "a name lies on another sign");
            }
            // The one that is selected is named however crowded it is.
            name(&mut spots, Some(0), 0..0, bounds, vec![bounds], |_| vec2(60.0, 14.0));
            assert!(spots[0].name.is_some_and(|name| bounds.contains_rect(name)), "{count} points");
        }
    }
}
