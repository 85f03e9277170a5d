//! The colours, radii and heights. No colour is written anywhere else.
//!
//! Colour means something or is absent: greys carry the layout, the accent says "you can act here" and "the current
//! estimate", a saturated colour is a verdict or a part of memory. `contrast.rs` holds the tokens to their contrast
//! and to their distance under colour deficiency.
#![allow(missing_docs, reason = "the names are those of the drawings")]

use egui::{Color32, Context, Theme};

pub use super::style::install;

/// Every colour of one theme.
#[derive(Debug, PartialEq)]
pub struct Palette {
    /// Central ground, top bar.
    pub bg0: Color32,
    /// Machine strip, command line.
    pub bg1: Color32,
    /// Card, plot ground.
    pub bg2: Color32,
    /// Control, empty part of a bar, selected row.
    pub bg3: Color32,
    /// Hovered or pressed control, slider rail.
    pub bg4: Color32,
    /// Hairline and grid.
    pub line: Color32,
    /// Axis tick, memory in use by others.
    pub line2: Color32,
    /// A value.
    pub t1: Color32,
    /// A sentence, a label.
    pub t2: Color32,
    /// A caption, a unit, an axis.
    pub t3: Color32,
    /// Primary button, slider, current estimate, measured mark.
    pub accent: Color32,
    /// Text on [`Self::accent`].
    pub on_accent: Color32,
    /// The ring round the control that has the keyboard.
    pub focus: Color32,
    /// Shadow under a popup, the only one there is.
    pub shade: Color32,
    pub verdict: VerdictColors,
    pub part: PartColors,
    pub pool: PoolColors,
    pub bill: BillColors,
    pub class: ClassColors,
}

/// Always with a glyph and a word.
#[derive(Debug, PartialEq)]
pub struct VerdictColors {
    pub well: Color32,
    pub slowly: Color32,
    pub tight: Color32,
    pub disk: Color32,
    pub no: Color32,
}

/// What lies in memory, from below: weights, buffers, state, KV. Always a fill with a legend.
#[derive(Debug, PartialEq)]
pub struct PartColors {
    pub weights: Color32,
    pub kv: Color32,
    pub state: Color32,
    pub buffers: Color32,
}

/// Capacity lines.
#[derive(Debug, PartialEq)]
pub struct PoolColors {
    pub vram: Color32,
    pub ram: Color32,
    pub disk: Color32,
}

/// Shares of the time of one token. Always with name and milliseconds.
#[derive(Debug, PartialEq)]
pub struct BillColors {
    pub ram: Color32,
    pub gpu: Color32,
    pub attention: Color32,
    pub launch: Color32,
    pub link: Color32,
}

/// Classes of measurements. Always with a shape of their own and a legend.
#[derive(Debug, PartialEq)]
pub struct ClassColors {
    pub dense: Color32,
    pub sparse: Color32,
    pub several: Color32,
    pub apple: Color32,
    pub experts: Color32,
    pub cpu: Color32,
}

pub const DARK: Palette = Palette {
    bg0: hex(0x0E_11_15),
    bg1: hex(0x14_18_1D),
    bg2: hex(0x1A_1F_25),
    bg3: hex(0x26_2C_34),
    bg4: hex(0x32_3A_44),
    line: hex(0x2A_31_3A),
    line2: hex(0x46_50_5C),
    t1: hex(0xE8_EC_F0),
    t2: hex(0xB0_B9_C3),
    t3: hex(0x8B_96_A2),
    accent: hex(0x7F_B2_FF),
    on_accent: hex(0x0B_14_20),
    focus: hex(0xA9_CC_FF),
    shade: Color32::from_black_alpha(110),
    verdict: VerdictColors {
        well: hex(0x3F_D6_C0),
        slowly: hex(0x7F_95_F8),
        tight: hex(0xFA_E9_A8),
        disk: hex(0xF0_A4_3A),
        no: hex(0xF2_57_8F),
    },
    part: PartColors {
        weights: hex(0x4C_74_92),
        kv: hex(0xDE_9B_2E),
        state: hex(0xBD_EB_D2),
        buffers: hex(0xC6_A6_F2),
    },
    pool: PoolColors { vram: hex(0xEF_E6_FB), ram: hex(0x74_B4_FF), disk: hex(0xD9_96_3F) },
    bill: BillColors {
        ram: hex(0x4C_74_92),
        gpu: hex(0xA9_DD_F0),
        attention: hex(0xDE_9B_2E),
        launch: hex(0xB0_88_E6),
        link: hex(0x98_A0_A9),
    },
    class: ClassColors {
        dense: hex(0xA9_DD_F0),
        sparse: hex(0xB0_88_E6),
        several: hex(0x4C_74_92),
        apple: hex(0x98_A0_A9),
        experts: hex(0xDE_9B_2E),
        cpu: hex(0xFA_E9_A8),
    },
};

pub const LIGHT: Palette = Palette {
    bg0: hex(0xF1_F3_F5),
    bg1: hex(0xF8_F9_FA),
    bg2: hex(0xFF_FF_FF),
    bg3: hex(0xE9_EC_EF),
    bg4: hex(0xDC_E1_E6),
    line: hex(0xDE_E2_E7),
    line2: hex(0xA9_B2_BC),
    t1: hex(0x14_19_1F),
    t2: hex(0x43_4D_58),
    t3: hex(0x5C_67_73),
    accent: hex(0x1D_5F_C4),
    on_accent: hex(0xFF_FF_FF),
    focus: hex(0x1D_5F_C4),
    shade: Color32::from_black_alpha(40),
    verdict: VerdictColors {
        well: hex(0x0A_7A_70),
        slowly: hex(0x5A_50_D0),
        tight: hex(0x52_45_00),
        disk: hex(0xAA_5A_00),
        no: hex(0x9A_0F_54),
    },
    part: PartColors {
        weights: hex(0x67_87_A6),
        kv: hex(0xA9_6E_00),
        state: hex(0x0B_7B_66),
        buffers: hex(0x84_46_CF),
    },
    pool: PoolColors { vram: hex(0x7A_45_C0), ram: hex(0x0A_3F_73), disk: hex(0xA0_4A_06) },
    bill: BillColors {
        ram: hex(0x67_87_A6),
        gpu: hex(0x00_5F_86),
        attention: hex(0xA9_6E_00),
        launch: hex(0xA0_5B_E8),
        link: hex(0x4A_52_5A),
    },
    class: ClassColors {
        dense: hex(0x00_5F_86),
        sparse: hex(0xA0_5B_E8),
        several: hex(0x67_87_A6),
        apple: hex(0x4A_52_5A),
        experts: hex(0xA9_6E_00),
        cpu: hex(0x52_45_00),
    },
};

/// Corner radii in points.
pub mod radius {
    pub const CONTROL: f32 = 5.0;
    pub const CARD: f32 = 8.0;
    pub const BAR: f32 = 3.0;
    pub const SWATCH: f32 = 2.0;
}

/// Heights in points.
pub mod height {
    pub const TOP_BAR: f32 = 40.0;
    pub const CONTROL: f32 = 30.0;
    /// A button in a card.
    pub const SMALL: f32 = 24.0;
    /// A button in a list: painted this high, hit at [`SMALL`].
    pub const LIST: f32 = 20.0;
    pub const BAR: f32 = 16.0;
    pub const BAR_ROW: f32 = 22.0;
}

/// The palette of the active theme. A `Ui` will do as well as a `Context`.
#[must_use]
pub fn palette(ctx: &Context) -> &'static Palette {
    of(ctx.theme())
}

/// The palette of `theme`.
#[must_use]
pub fn of(theme: Theme) -> &'static Palette {
    match theme {
        Theme::Dark => &DARK,
        Theme::Light => &LIGHT,
    }
}

/// White or near black, whichever reads better on `fill`.
#[must_use]
pub fn text_on(fill: Color32) -> Color32 {
    let [white, black] = [hex(0xFF_FF_FF), hex(0x05_07_0A)];
    if contrast(white, fill) >= contrast(black, fill) { white } else { black }
}

/// `from` moved towards `to` by `share`, both opaque.
#[must_use]
pub fn mix(from: Color32, to: Color32, share: f32) -> Color32 {
    from.lerp_to_gamma(to, share)
}

/// Contrast of two opaque colours after WCAG 2: 1 (none) to 21 (black on white).
#[must_use]
pub fn contrast(a: Color32, b: Color32) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

const fn hex(rgb: u32) -> Color32 {
    let [_, r, g, b] = rgb.to_be_bytes();
    Color32::from_rgb(r, g, b)
}

fn luminance(color: Color32) -> f64 {
    let linear = |channel: u8| {
        let c = f64::from(channel) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_that_of_wcag() {
        let [black, white, grey] = [0x00_00_00, 0xFF_FF_FF, 0x76_76_76].map(hex);
        assert!((contrast(black, white) - 21.0).abs() < 1e-9);
        assert!((contrast(white, grey) - 4.54).abs() < 0.01);
        assert_eq!(text_on(white), hex(0x05_07_0A));
        assert_eq!(text_on(LIGHT.accent), white);
    }

    #[test]
    fn the_palette_follows_the_theme() {
        let ctx = Context::default();
        ctx.set_theme(Theme::Light);
        assert_eq!(palette(&ctx), &LIGHT);
        ctx.set_theme(Theme::Dark);
        assert_eq!(palette(&ctx), &DARK);
    }
}
