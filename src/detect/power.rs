//! Whether the machine runs on mains or on its battery: a laptop is slower on the second.

use super::files::Files;

/// Where the power comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// A socket.
    Mains,
    /// A battery.
    Battery,
}

impl Power {
    /// The word beside a measurement.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mains => "mains",
            Self::Battery => "battery",
        }
    }
}

/// Asks the system; `None` where it does not say.
#[must_use]
pub fn power() -> Option<Power> {
    read()
}

#[cfg(not(any(windows, target_vendor = "apple")))]
fn read() -> Option<Power> {
    parse(&super::files::Live)
}

/// `pmset -g batt`: its first line names what is drawn from.
#[cfg(target_vendor = "apple")]
fn read() -> Option<Power> {
    parse_pmset(&super::child::power_report()?)
}

/// By `GetSystemPowerStatus`: 0 is offline, 1 online, 255 unknown.
#[cfg(windows)]
fn read() -> Option<Power> {
    use windows::Win32::System::Power::{GetSystemPowerStatus, SYSTEM_POWER_STATUS};
    let mut status = SYSTEM_POWER_STATUS::default();
    // SAFETY: the call fills the structure it is lent.
    unsafe { GetSystemPowerStatus(&raw mut status) }.ok()?;
    match status.ACLineStatus {
        0 => Some(Power::Battery),
        1 => Some(Power::Mains),
        _ => None,
    }
}

/// From sysfs' supplies: a plugged adapter (`Mains`, or `USB` for a laptop that charges so) means mains; else a battery
/// that discharges means battery; a machine with neither runs on mains only if it has no battery of its own. A battery
/// of a mouse (`scope` Device) powers nothing.
/// <https://www.kernel.org/doc/Documentation/ABI/testing/sysfs-class-power>
#[cfg_attr(any(windows, target_vendor = "apple"), allow(dead_code, reason = "Linux's, tested everywhere"))]
pub(super) fn parse(files: &dyn Files) -> Option<Power> {
    const FOLDER: &str = "/sys/class/power_supply";
    let text = |supply: &str, file: &str| files.text(&format!("{FOLDER}/{supply}/{file}")).unwrap_or_default();
    let (mut plugged, mut unplugged, mut battery, mut discharges) = (false, false, false, false);
    for supply in files.names(FOLDER) {
        if text(&supply, "scope").trim() == "Device" {
            continue;
        }
        match text(&supply, "type").trim() {
            "Mains" | "USB" => match text(&supply, "online").trim() {
                "0" => unplugged = true,
                "" => {}
                _ => plugged = true,
            },
            "Battery" => {
                battery = true;
                discharges |= text(&supply, "status").trim() == "Discharging";
            }
            _ => {}
        }
    }
    match (plugged, discharges || (battery && unplugged)) {
        (true, _) => Some(Power::Mains),
        (false, true) => Some(Power::Battery),
        (false, false) if battery => Some(Power::Mains),
        (false, false) => None,
    }
}

/// `Now drawing from 'AC Power'`.
#[cfg_attr(not(target_vendor = "apple"), allow(dead_code, reason = "macOS', tested everywhere"))]
fn parse_pmset(text: &str) -> Option<Power> {
    let first = text.lines().next()?;
    match first.split('\'').nth(1)? {
        "AC Power" => Some(Power::Mains),
        "Battery Power" => Some(Power::Battery),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::files::Capture;
    use super::*;

    #[test]
    fn supplies_are_told_apart() {
        let check = |supplies: &str, expected| assert_eq!(parse(&Capture::parse(supplies)), expected, "{supplies}");
        let supply = |name: &str, lines: &[(&str, &str)]| -> String {
            let one = |(file, text): &(&str, &str)| format!("\n=== /sys/class/power_supply/{name}/{file}\n{text}");
            lines.iter().map(one).collect::<Vec<_>>().concat()
        };
        let adapter = |online| supply("AC", &[("type", "Mains"), ("online", online)]);
        let battery = |status| supply("BAT0", &[("type", "Battery"), ("status", status)]);
        check(&(adapter("1") + &battery("Charging")), Some(Power::Mains));
        check(&(adapter("0") + &battery("Discharging")), Some(Power::Battery));
        check(&battery("Discharging"), Some(Power::Battery));
        check(&battery("Not charging"), Some(Power::Mains));
        let mouse = supply("hidpp_battery_0", &[("type", "Battery"), ("scope", "Device"), ("status", "Discharging")]);
        check(&mouse, None);
        check("", None);
    }

    #[test]
    fn the_first_line_of_pmset_says_it() {
        assert_eq!(parse_pmset("Now drawing from 'AC Power'\n -InternalBattery-0"), Some(Power::Mains));
        assert_eq!(parse_pmset("Now drawing from 'Battery Power'\n"), Some(Power::Battery));
        assert_eq!(parse_pmset("No batteries"), None);
    }
}
