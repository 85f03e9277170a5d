//! A drawing as shapes, in points from the top left. What writes it, as vectors or as pixels, adds nothing.

/// A colour: red, green, blue.
pub type Rgb = [u8; 3];

/// A drawing on a ground.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Width in points.
    pub width: f64,
    /// Height in points.
    pub height: f64,
    /// What it says in a sentence, for those who do not see it.
    pub told: String,
    /// From the back to the front.
    pub shapes: Vec<Shape>,
}

/// A colour that covers what is below it, or a share of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ink {
    /// The colour.
    pub rgb: Rgb,
    /// 1 covers, 0 is not to be seen.
    pub opacity: f64,
}

impl From<Rgb> for Ink {
    fn from(rgb: Rgb) -> Self {
        Self { rgb, opacity: 1.0 }
    }
}

impl Ink {
    /// A colour that lets what is below it through.
    #[must_use]
    pub const fn thin(rgb: Rgb, opacity: f64) -> Self {
        Self { rgb, opacity }
    }
}

/// A place.
pub type Spot = (f64, f64);

/// One thing that is drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A filled rectangle with round corners.
    Rect {
        /// Upper left corner.
        at: Spot,
        /// Width and height.
        size: Spot,
        /// Radius of the corners.
        radius: f64,
        /// Its colour.
        ink: Ink,
    },
    /// A filled area with straight edges.
    Area {
        /// Its corners.
        spots: Vec<Spot>,
        /// Its colour.
        ink: Ink,
    },
    /// A filled disc.
    Disc {
        /// Its middle.
        at: Spot,
        /// Its radius.
        radius: f64,
        /// Its colour.
        ink: Ink,
    },
    /// A line through spots.
    Line {
        /// Where it goes.
        spots: Vec<Spot>,
        /// Its width.
        width: f64,
        /// Lengths on and off; none for a whole line.
        dash: &'static [f64],
        /// Its colour.
        ink: Ink,
    },
    /// Words on a line.
    Text {
        /// Where its base line begins, is in the middle, or ends.
        at: Spot,
        /// Which of them.
        anchor: Anchor,
        /// Size in points.
        size: f64,
        /// How heavy.
        weight: Weight,
        /// Its colour.
        ink: Ink,
        /// The words.
        text: String,
    },
}

/// Where a text stands to its spot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// It has its middle there.
    Middle,
    /// It ends there.
    End,
}

/// How heavy a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Most text.
    Regular,
    /// Values.
    Medium,
    /// Titles.
    Strong,
}

impl Weight {
    /// The weight as fonts count it.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Regular => 400,
            Self::Medium => 500,
            Self::Strong => 600,
        }
    }
}
