//! What this machine is built as: by its chassis, its battery, its device tree.

use crate::hardware::Form;

use super::files::Files;

/// Asks the system; `None` where it does not say.
#[must_use]
pub fn read() -> Option<Form> {
    here()
}

#[cfg(not(any(windows, target_vendor = "apple")))]
fn here() -> Option<Form> {
    parse(&super::files::Live)
}

/// Whatever runs macOS is a Mac.
#[cfg(target_vendor = "apple")]
fn here() -> Option<Form> {
    Some(Form::Mac)
}

/// By `GetSystemPowerStatus`: 128 is no battery, 255 unknown.
/// <https://learn.microsoft.com/windows/win32/api/winbase/ns-winbase-system_power_status>
#[cfg(windows)]
fn here() -> Option<Form> {
    use windows::Win32::System::Power::{GetSystemPowerStatus, SYSTEM_POWER_STATUS};
    const NO_BATTERY: u8 = 128;
    let mut status = SYSTEM_POWER_STATUS::default();
    // SAFETY: the call fills the structure it is lent.
    unsafe { GetSystemPowerStatus(&raw mut status) }.ok()?;
    (status.BatteryFlag != u8::MAX && status.BatteryFlag & NO_BATTERY == 0).then_some(Form::Laptop)
}

/// The chassis where it says something, else a battery, else a device tree, which describes boards: servers on ARM have
/// DMI tables as PCs have.
#[cfg_attr(any(windows, target_vendor = "apple"), allow(dead_code, reason = "Linux's, tested everywhere"))]
pub(super) fn parse(files: &dyn Files) -> Option<Form> {
    let chassis = files.number("/sys/class/dmi/id/chassis_type");
    let board = || {
        let model = files.text("/proc/device-tree/model").filter(|model| !model.is_empty() && chassis.is_none())?;
        Some(if model.starts_with("Apple ") { Form::Mac } else { Form::SingleBoard })
    };
    chassis.and_then(of_chassis).or_else(|| battery(files)).or_else(board)
}

/// SMBIOS 3.7, section 7.4.1. What says little (`Other`, all-in-one, sealed) is none.
/// <https://www.dmtf.org/standards/smbios>
#[cfg_attr(any(windows, target_vendor = "apple"), allow(dead_code, reason = "Linux's, tested everywhere"))]
const fn of_chassis(number: u64) -> Option<Form> {
    match number {
        // Desktop, low profile, mini tower, tower.
        3 | 4 | 6 | 7 => Some(Form::Desktop),
        // Portable, laptop, notebook, sub notebook, tablet, convertible, detachable.
        8..=10 | 14 | 30..=32 => Some(Form::Laptop),
        // Hand held.
        11 => Some(Form::Console),
        // Main server chassis, rack mount, blade.
        17 | 23 | 28 => Some(Form::Server),
        // Mini PC, stick PC.
        35 | 36 => Some(Form::Mini),
        _ => None,
    }
}

/// A battery that powers the machine, and not a mouse.
#[cfg_attr(any(windows, target_vendor = "apple"), allow(dead_code, reason = "Linux's, tested everywhere"))]
fn battery(files: &dyn Files) -> Option<Form> {
    const FOLDER: &str = "/sys/class/power_supply";
    let text = |supply: &str, file: &str| files.text(&format!("{FOLDER}/{supply}/{file}")).unwrap_or_default();
    let powers = |supply: &String| text(supply, "type") == "Battery" && text(supply, "scope") != "Device";
    files.names(FOLDER).iter().any(powers).then_some(Form::Laptop)
}

#[cfg(test)]
mod tests {
    use super::super::files::Capture;
    use super::*;

    #[test]
    fn a_chassis_a_battery_or_a_device_tree_tells() {
        let chassis = |number: &str| format!("\n=== /sys/class/dmi/id/chassis_type\n{number}\n");
        let supply = |scope: &str| {
            format!(
                "\n=== /sys/class/power_supply/BAT0/type\nBattery\n=== /sys/class/power_supply/BAT0/scope\n{scope}\n"
            )
        };
        let tree = |model: &str| format!("\n=== /proc/device-tree/model\n{model}\n");
        for (capture, form) in [
            (chassis("3"), Some(Form::Desktop)),
            (chassis("10"), Some(Form::Laptop)),
            (chassis("11"), Some(Form::Console)),
            (chassis("23"), Some(Form::Server)),
            (chassis("35"), Some(Form::Mini)),
            (chassis("1"), None),
            (chassis("1") + &supply("System"), Some(Form::Laptop)),
            (chassis("7") + &supply("System"), Some(Form::Desktop)),
            (chassis("3") + &tree("board"), Some(Form::Desktop)),
            (chassis("1") + &tree("board"), None),
            (supply("Device"), None),
            (supply("System"), Some(Form::Laptop)),
            (tree("Raspberry Pi 5 Model B Rev 1.0"), Some(Form::SingleBoard)),
            (tree("Apple MacBook Air (M1, 2020)"), Some(Form::Mac)),
            (tree("laptop") + &supply("System"), Some(Form::Laptop)),
            (String::new(), None),
        ] {
            assert_eq!(parse(&Capture::parse(&capture)), form, "{capture}");
        }
    }
}
