# SPDX-License-Identifier: Apache-2.0
# calls.awk - the other trace of profile: which system calls of the launcher, and of its child before exec, a start
# spends its time in, up to the payload's first byte. Owns: pairing entries and exits.
!match($0, /[0-9]+\.[0-9]+: /) { next }
{
	at = substr($0, RSTART, RLENGTH - 2) + 0
	text = substr($0, RSTART + RLENGTH)
	task = $1
}
text ~ /^requests_on_record:/ { open = 1; launcher = task; split("", calls); split("", us); next }
text ~ /^notice_ended:/ { open = 0; next }
!open { next }
task ~ /^plugin-/ && text ~ /^sys_write/ { # the stub's byte: this start counts
	open = 0
	starts++
	for (key in us) {
		count[key] += calls[key]
		total[key] += us[key]
		if (!(key in least) || us[key] < least[key])
			least[key] = us[key]
	}
	next
}
text ~ /^sys_[a-z0-9_]+\(/ {
	name = text
	sub(/\(.*/, "", name)
	entered[task] = at
	calling[task] = name
	next
}
text ~ /^sys_[a-z0-9_]+ -> / {
	name = text
	sub(/ ->.*/, "", name)
	if (calling[task] != name)
		next
	key = (task == launcher ? "launcher " : "child ") substr(name, 5)
	calls[key]++
	us[key] += (at - entered[task]) * 1e6
	calling[task] = ""
}
END {
	if (!starts) {
		print "no start was seen"
		exit 1
	}
	printf "\n%-9s %-22s %9s %11s %11s   (of %d starts; poll, epoll_wait and recvfrom wait for the other one)\n",
		"process", "call", "a start", "least us", "mean us", starts
	sorted = "sort -k1,1r -k4,4nr"
	for (key in total) {
		split(key, f, " ")
		if (total[key] / starts >= 5)
			printf "%-9s %-22s %9.1f %11.0f %11.0f\n", f[1], f[2], count[key] / starts, least[key],
				total[key] / starts | sorted
	}
}
