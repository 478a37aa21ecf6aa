/* SPDX-License-Identifier: Apache-2.0 */
/* net.c - ways to talk to anybody.
 * Owns: the table.  Must not know: which layers stand in the way. */
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET(name, family, type, protocol)           \
	static long name(void)                         \
	{                                              \
		return socket(family, type, protocol); \
	}

SOCKET(inet, AF_INET, SOCK_STREAM, 0)
SOCKET(inet6, AF_INET6, SOCK_DGRAM, 0)
SOCKET(raw, AF_INET, SOCK_RAW, IPPROTO_ICMP)
SOCKET(packet, AF_PACKET, SOCK_RAW, 0)
SOCKET(netlink, AF_NETLINK, SOCK_RAW, 0)
SOCKET(alg, AF_ALG, SOCK_SEQPACKET, 0)
SOCKET(vsock, AF_VSOCK, SOCK_STREAM, 0)
SOCKET(xdp, AF_XDP, SOCK_RAW, 0)
SOCKET(bluetooth, AF_BLUETOOTH, SOCK_RAW, 1)
SOCKET(can, AF_CAN, SOCK_RAW, 1)
SOCKET(tipc, AF_TIPC, SOCK_SEQPACKET, 0)
SOCKET(rds, 21 /* AF_RDS */, SOCK_SEQPACKET, 0)
SOCKET(key, AF_KEY, SOCK_RAW, 2)
SOCKET(smc, 43 /* AF_SMC */, SOCK_STREAM, 0)
SOCKET(kcm, 41 /* AF_KCM */, SOCK_SEQPACKET, 0)
SOCKET(inet_high_bits, (int)(AF_INET | 0x7fff0000), SOCK_STREAM, 0)

static long connect_to(const char *path, int type, int abstract)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)snprintf(a.sun_path + abstract, sizeof(a.sun_path) - 1, "%s", path);
	return fd < 0 ? -1
		      : connect(fd, (struct sockaddr *)&a,
				(socklen_t)(offsetof(struct sockaddr_un, sun_path) +
					    (size_t)abstract + strlen(path) + !abstract));
}

/* The test listens there, outside. */
static long unix_path(void)
{
	return connect_to("/vault/Projects/socket", SOCK_STREAM, 0);
}

static long unix_abstract(void)
{
	return connect_to("kennel-escape", SOCK_STREAM, 1);
}

static long unix_send(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "/vault/Projects/datagrams" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -1 : sendto(fd, "x", 1, 0, (struct sockaddr *)&a, sizeof(a));
}

static long unix_bind(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "/vault/Projects/ours" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -1 : bind(fd, (struct sockaddr *)&a, sizeof(a));
}

static long pair_of_internet(void)
{
	int pair[2];

	return socketpair(AF_TIPC, SOCK_STREAM, 0, pair);
}

static long loopback_up(void)
{
	struct {
		char name[16];
		short flags;
		char rest[22];
	} r = { .name = "lo", .flags = 1 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	return fd < 0 ? -1 : ioctl(fd, 0x8914 /* SIOCSIFFLAGS */, &r);
}

static long memory_of_others(void)
{
	return shmget(0x6b656e6e, 4096, IPC_CREAT | 0666);
}

static long messages_of_others(void)
{
	return msgget(0x6b656e6e, IPC_CREAT | 0666);
}

static long semaphores_of_others(void)
{
	return semget(0x6b656e6e, 1, IPC_CREAT | 0666);
}

static const struct attempt list[] = {
	{ "IPv4", "ebpf:socket_create family:AF_INET runners:6", inet, NULL },
	{ "IPv6", "ebpf:socket_create family:AF_INET6 runners:6", inet6, NULL },
	{ "IPv4 behind high bits", "ebpf:socket_create cve:CVE-2019-10063", inet_high_bits,
	  "the kernel knows no such family" },
	{ "raw packets", "ebpf:socket_create family:AF_INET", raw, NULL },
	{ "packets of a device", "ebpf:socket_create family:AF_PACKET", packet, NULL },
	{ "the kernel's network settings", "ebpf:socket_create family:AF_NETLINK", netlink, NULL },
	{ "the kernel's ciphers", "ebpf:socket_create family:AF_ALG cve:CVE-2026-31431", alg,
	  NULL },
	{ "the hypervisor", "ebpf:socket_create family:AF_VSOCK runners:25", vsock, NULL },
	{ "packets past the kernel", "ebpf:socket_create family:AF_XDP", xdp, NULL },
	{ "a radio", "ebpf:socket_create family:AF_BLUETOOTH", bluetooth, "the machine has none" },
	{ "a car", "ebpf:socket_create family:AF_CAN", can, "the machine has none" },
	{ "a cluster", "ebpf:socket_create family:AF_TIPC", tipc, "its module is not loaded" },
	{ "reliable datagrams", "ebpf:socket_create family:AF_RDS", rds,
	  "its module is not loaded" },
	{ "keys of the network", "ebpf:socket_create family:AF_KEY", key,
	  "its module is not loaded" },
	{ "shared memory of a network", "ebpf:socket_create family:AF_SMC", smc,
	  "its module is not loaded" },
	{ "a multiplexer of the kernel", "ebpf:socket_create family:AF_KCM", kcm,
	  "its module is not loaded" },
	{ "two ends of a cluster", "ebpf:socket_create", pair_of_internet,
	  "its module is not loaded" },
	{ "a socket of the host by its path", "ebpf:unix_stream_connect", unix_path, NULL },
	{ "a socket of the host by its name", "ebpf:unix_stream_connect runners:25", unix_abstract,
	  NULL },
	{ "a datagram to the host", "ebpf:unix_may_send", unix_send, NULL },
	{ "a socket of ours among notes", "ebpf:socket_bind ebpf:path_mknod", unix_bind, NULL },
	{ "the loopback", "runners:6", loopback_up, NULL },
	{ "memory that others share", "runners:25", memory_of_others, NULL },
	{ "messages that others share", "runners:25", messages_of_others, NULL },
	{ "semaphores that others share", "runners:25", semaphores_of_others, NULL },
};
FAMILY(net);
