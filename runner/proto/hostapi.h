/* SPDX-License-Identifier: Apache-2.0 */
/* hostapi.h - plugin and broker: JSON-RPC 2.0 both ways on fd 3 of the jail, u32le length first.
 * Owns: numbers and words both sides use.  Must not know: handlers.
 *
 * Host to plugin:
 *   initialize {protocol:"1.0", plugin, version, tenant, instance, grants:[...], events:[...],
 * limits:{...}}
 *     -> {ready:true} within WIRE_HANDSHAKE_MS
 *   onNoteSave, onCommandPalette ... (event names) params
 *     {event:{type, eventId, note?:{path, revision}, command?, origin?, attempt},
 * _meta:{deadlineMs}}
 *     -> any result, or an error: that event failed
 *   $/ping {} -> {}        $/shutdown {} (notification)        $/cancel {id, reason} (notification)
 * Plugin to host:
 *   the methods of the gate's table ("notes.read" ...), aliases from the specification
 * No batch. Ids are integers or short strings, one space each way. An answer nobody asked for, a
 * repeated id in flight, a bad frame: protocol violation, the instance is killed. */
#ifndef KENNEL_PROTO_HOSTAPI_H
#define KENNEL_PROTO_HOSTAPI_H

#define WIRE_FD 3
#define WIRE_PROTOCOL "1.0"

/* JSON-RPC 2.0, then ours (positive, so that they meet nobody else's). error.data is
 * {kind, method, permission?, grant?, retryAfterMs?}; grant is the line that would allow it. */
enum rpc_error {
	RPC_PARSE = -32700,
	RPC_INVALID_REQUEST = -32600,
	RPC_METHOD_NOT_FOUND = -32601,
	RPC_INVALID_PARAMS = -32602,
	RPC_INTERNAL = -32603,
	RPC_PERMISSION_DENIED = 1001,
	RPC_SCOPE_DENIED = 1002,
	RPC_RATE_LIMITED = 1003,
	RPC_QUOTA = 1004,
	RPC_CONFLICT = 1005,
	RPC_DEADLINE = 1006,
	RPC_BACKEND = 1007,
	RPC_UNAVAILABLE = 1008,
	RPC_CONSENT_REQUIRED = 1009,
	RPC_NOT_FOUND = 1010,
	RPC_TOO_LARGE = 1011,
};

#endif
