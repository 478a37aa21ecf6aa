# SPDX-License-Identifier: Apache-2.0
# starts.awk - the rows of start-inside as tables: times with the ratio to the bare clone3 of the same row, how
# many a second, and what one jail weighs. Owns: the layout.
$4 == "memory" { weight[++weights] = $0; next }
{
	group = $1 " " $3 " " $5
	if (!(group in runners_of))
		groups[++group_count] = group
	if (index(runners_of[group] " ", " " $2 " ") == 0)
		runners_of[group] = runners_of[group] " " $2
	if (!($4 in seen)) { seen[$4] = 1; parallel[++parallels] = $4 }
	if (!($1 in counted)) { counted[$1] = 1; mounts[++mount_count] = $1 }
	key = $1 " " $2 " " $3 " " $4 " " $5
	p50[key] = $6; p99[key] = $7; n[key] = $8
}

function head(title, cell, i) {
	printf "\n%s\n%-11s %-5s %-6s", title, "runner", "what", "until"
	for (i = 1; i <= parallels; i++)
		printf cell, parallel[i] " at once", "", ""
	print ""
}

function times(m, g, f, names, count, i, j, key, base, counts) {
	head(m " more mounts on the host: us, p50 p99, x the clone3's p50", " |%13s%6s%8s")
	for (g = 1; g <= group_count; g++) {
		split(groups[g], f, " ")
		if (f[1] != m || f[3] == "rate")
			continue
		count = split(runners_of[groups[g]], names, " ")
		for (i = 1; i <= count; i++) {
			printf "%-11s %-5s %-6s", names[i], f[2], f[3]
			counts = ""
			for (j = 1; j <= parallels; j++) {
				key = m " " names[i] " " f[2] " " parallel[j] " " f[3]
				if (!(key in p50)) {
					printf " |%27s", "-"
					continue
				}
				counts = counts (counts == "" ? "" : "/") n[key]
				base = p50[m " clone3 " f[2] " " parallel[j] " " f[3]]
				printf " |%9d %9d %7.2f", p50[key], p99[key], (base ? p50[key] / base : 0)
			}
			printf "  n %s\n", counts
		}
	}
}

function rates(m, g, f, names, count, i, j, key) {
	head(m " more mounts on the host: starts a second, and whole lives (start, end, nothing left)", " |%13s%1s%1s")
	for (g = 1; g <= group_count; g++) {
		split(groups[g], f, " ")
		if (f[1] != m || f[3] != "rate")
			continue
		count = split(runners_of[groups[g]], names, " ")
		for (i = 1; i <= count; i++) {
			printf "%-11s %-5s %-6s", names[i], f[2], "per s"
			for (j = 1; j <= parallels; j++) {
				key = m " " names[i] " " f[2] " " parallel[j] " rate"
				if (!(key in p50)) {
					printf " |%15s", "-"
					continue
				}
				printf " |%7.1f %7.1f", p50[key], p99[key]
			}
			print ""
		}
	}
}

END {
	for (i = 1; i <= mount_count; i++)
		times(mounts[i])
	for (i = 1; i <= mount_count; i++)
		rates(mounts[i])
	if (weights)
		printf "\nmemory of one started idle jail, of ten: KiB\n%-11s %-5s %10s %10s %10s\n", "runner", "what",
			"processes", "private", "cgroup"
	for (i = 1; i <= weights; i++) {
		split(weight[i], f, " ")
		printf "%-11s %-5s %10.1f %10.0f %10s\n", f[2], f[3], f[5] / f[8], f[6] / f[8],
			(f[7] + 0 ? sprintf("%.0f", f[7] / f[8]) : "-")
	}
}
