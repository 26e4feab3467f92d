package daemon

import (
	"io/fs"
	"path"
	"strings"
)

// PowerSupplies is where Linux tells of them.
const PowerSupplies = "/sys/class/power_supply"

// OnBattery reports whether the machine runs from its battery, as the
// directory of [PowerSupplies] tells. What cannot be read counts as not there.
func OnBattery(supplies fs.FS) bool {
	names, err := fs.ReadDir(supplies, ".")
	if err != nil {
		return false
	}
	discharging := false
	for _, n := range names {
		read := func(what string) string {
			text, _ := fs.ReadFile(supplies, path.Join(n.Name(), what))
			return strings.TrimSpace(string(text))
		}
		switch {
		case read("scope") == "Device": // a mouse's, say
		case read("type") == "Battery":
			discharging = discharging || read("status") == "Discharging"
		case read("online") == "1":
			return false
		}
	}
	return discharging
}
