# SPDX-License-Identifier: Apache-2.0
# steps.awk - the trace of profile as a table: how long from each marker of a start to the next. A marker that a start
# meets more than once is summed. Owns: which marker follows from which line.
function mark(runner, label, at) {
	if (open[runner] && last[runner] != "")
		spent[runner, last[runner]] += at - when[runner]
	last[runner] = label
	when[runner] = at
	if (!((runner, label) in known)) {
		known[runner, label] = 1
		labels[runner, ++label_count[runner]] = label
	}
	met[runner, label]++
}

function begin(runner, i) {
	for (i = 1; i <= label_count[runner]; i++) {
		spent[runner, labels[runner, i]] = 0
		met[runner, labels[runner, i]] = 0
	}
	open[runner] = 1
	last[runner] = ""
	said[runner] = 0
}

# Only starts whose payload said its byte count: those of the stub.
function finish(runner, at, i, l) {
	mark(runner, "(end)", at)
	if (said[runner]) {
		starts[runner]++
		for (i = 1; i <= label_count[runner]; i++) {
			l = labels[runner, i]
			value[runner, l, starts[runner]] = spent[runner, l]
			times[runner, l] = met[runner, l]
		}
	}
	open[runner] = 0
}

function at_percent(runner, l, percent, n, i, j, x, v) {
	n = starts[runner]
	for (i = 1; i <= n; i++) {
		x = value[runner, l, i]
		for (j = i - 1; j >= 1 && v[j] > x; j--)
			v[j + 1] = v[j]
		v[j + 1] = x
	}
	return v[int(n * percent / 100) + 1] * 1e6
}

function table(runner, title, i, l, p50, net, sum, net_sum, least, least_sum, probe) {
	if (!starts[runner])
		return
	probe = at_percent(runner, "set_no_new_privs", 50)
	printf "\n%s: us from each marker to the next, of %d starts\n%-10s %-34s %6s %9s %9s %9s\n", title, starts[runner],
		"process", "from", "times", "least", "p50", "no probe"
	for (i = 1; i <= label_count[runner]; i++) {
		l = labels[runner, i]
		if (l == "(end)")
			continue
		p50 = at_percent(runner, l, 50)
		net = p50 - (l in probed ? probe * times[runner, l] : 0)
		net = net > 0 ? net : 0
		least = at_percent(runner, l, 0)
		printf "%-10s %-34s %6d %9.0f %9.0f %9.0f\n", place[l], l, times[runner, l], least, p50, net
		sum += p50
		least_sum += least
		net_sum += net
		if (l ~ /^first word/) {
			printf "%-10s %-34s %6s %9.0f %9.0f %9.0f\n", "", "= up to the first word", "", least_sum - least,
				sum - p50, net_sum - net
			sum = p50
			net_sum = net
			least_sum = least
		}
	}
	printf "%-10s %-34s %6s %9.0f %9.0f %9.0f\n", "", "= from there to nothing left", "", least_sum, sum, net_sum
	if (probe)
		printf "no probe: less %.0f us for each, which is what a step that makes one prctl took\n", probe
}

!match($0, /[0-9]+\.[0-9]+: /) { next }
{
	at = substr($0, RSTART, RLENGTH - 2) + 0
	text = substr($0, RSTART + RLENGTH)
	comm = $1
	sub(/-[0-9]+$/, "", comm)
	name = text
	sub(/[:(].*/, "", name)
}
name == "requests_on_record" { begin("kennel"); probed[name]; place[name] = "launcher"; mark("kennel", name, at); next }
name == "notice_ended" { if (open["kennel"]) { probed[name]; place[name] = "launcher"; finish("kennel", at) } next }
name == "sys_clone3" && comm == "peers" { begin("clone3"); place["clone3(2)"] = "parent"; mark("clone3", "clone3(2)", at); next }
name == "sys_clone3" { if (open["kennel"]) { place["clone3(2)"] = "launcher"; mark("kennel", "clone3(2)", at) } next }
name == "sched_process_fork" {
	if (text ~ /comm=peers / && open["clone3"]) { place["the child is made"] = "child"; mark("clone3", "the child is made", at) }
	if (text ~ /comm=kenneld / && open["kennel"]) { place["the child is made"] = "child"; mark("kennel", "the child is made", at) }
	if (text ~ /comm=init / && open["kennel"]) { place["the program's process is made"] = "init"; mark("kennel", "the program's process is made", at) }
	next
}
name == "sched_process_exec" {
	if (text ~ /filename=\/init / && open["kennel"]) { place["exec of /init done"] = "init"; mark("kennel", "exec of /init done", at) }
	else if (text ~ /filename=\/exec\/plugin / && open["kennel"]) { place["exec of the program done"] = "payload"; mark("kennel", "exec of the program done", at) }
	else if (text ~ /\/root\/bin\// && open["clone3"]) { place["exec of the program done"] = "payload"; mark("clone3", "exec of the program done", at) }
	next
}
name == "sys_write" {
	runner = comm == "plugin" ? "kennel" : comm == "stub" ? "clone3" : ""
	if (runner != "" && open[runner]) { said[runner] = 1; place["first word; wire closed, its end"] = "payload"; mark(runner, "first word; wire closed, its end", at) }
	next
}
name == "sched_process_exit" {
	if (comm == "stub" && open["clone3"]) finish("clone3", at)
	if (comm == "plugin" && open["kennel"]) { place["payload gone"] = "init"; mark("kennel", "payload gone", at) }
	if (comm == "init" && open["kennel"]) { place["init gone"] = "kernel"; mark("kennel", "init gone", at) }
	next
}
text ~ /^[a-z_]+: \(0x/ && open["kennel"] {
	if (!(name in place)) {
		place[name] = inside ? "child" : "launcher"
		probed[name]
	}
	if (name == "wait_for_maps")
		inside = place[name] = "child"
	if (name ~ /^(idmap_write|guard_|on_exit|release)/)
		place[name] = "launcher"
	mark("kennel", name, at)
}
END {
	table("clone3", "bare clone3")
	table("kennel", "kennel")
}
