/* SPDX-License-Identifier: Apache-2.0 */
export default function whole() {}
export const add = (a, b) => a + b;
export let count = 0;
export function bump() {
	count++;
}
export function seen() {
	return this === undefined;
}
export { add as "a name", whole as again };
export const fail = () => {
	throw new Error("from a part"); /* mark:part */
};
