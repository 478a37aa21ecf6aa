/* SPDX-License-Identifier: Apache-2.0 */
import { name } from "./circle.js";
export function other() {
	return `round ${name}`;
}
