// What the screens are given: the line to the hub, the sound, the device.
import { useSyncExternalStore } from "react";
import type { Sound } from "../core/sound";
import type { PhoneLine, View } from "../core/telephone";
import type { Device } from "./world";

export interface Parts {
  line: PhoneLine;
  sound: Sound;
  device: Device;
}

export function useView(line: PhoneLine): View {
  return useSyncExternalStore(line.subscribe, line.snapshot);
}
