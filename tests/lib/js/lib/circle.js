/* SPDX-License-Identifier: Apache-2.0 */
import { other } from "./circle2.js";
export function later() {
	return other() + await_;
}
const await_ = await Promise.resolve("!");
export const name = "circle";
