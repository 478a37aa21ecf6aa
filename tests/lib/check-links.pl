#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# check-links.pl BEFORE AFTER - holds two copies of a vault against each other, knowing nothing of the
# broker: AFTER may differ from BEFORE only by wiki links put around text, or listed in the managed
# section, and each must be right. Prints "ok"/"not ok" lines and exits 1 if any is not ok.
use strict;
use warnings;
use File::Find;

my ($before, $after) = @ARGV;
my ($links, %bad) = (0);
my @rules = (
	"every target exists", "no link to the note itself", "no link in code, front matter or URLs",
	"the target's title or alias occurs in the note, or both share a tag", "no target linked twice",
	"nothing else differs",
);

sub slurp { open my $f, '<:raw', $_[0] or die "$_[0]: $!\n"; local $/; my $s = <$f>; return $s // '' }
sub blame { my ($rule, $what) = @_; push @{ $bad{$rule} }, $what }

sub files {
	my ($root) = @_;
	my %f;
	find({ no_chdir => 1, wanted => sub {
		my $p = substr($File::Find::name, length $root);
		$f{ substr $p, 1 } = $File::Find::name if -f && $p !~ m{/\.}; } }, $root);
	return %f;
}

# ---- what a note is called ----
sub list_of { my ($s) = @_; $s =~ s/^\s*\[|\]\s*$//g; return grep { length } map { s/^\s*["']?|["']?\s*$//gr } split /,/, $s }

sub meta {
	my ($path, $text) = @_;
	my %m = (names => {}, tags => {});
	(my $stem = $path) =~ s{.*/|\.md$}{}g;
	$m{stem} = lc $stem;
	my ($title, $body) = ('', $text);
	if ($text =~ /\A---\r?\n(.*?)^(?:---|\.\.\.)\r?$/ms) {
		my $fm = $1;
		$body = substr $text, $+[0];
		$title = $1 if $fm =~ /^title:\s*["']?(.*?)["']?\s*$/m;
		for my $key (qw(aliases alias tags tag)) {
			my @got = $fm =~ /^$key:[ \t]*(\S.*)$/m ? list_of($1)
				: $fm =~ /^$key:[ \t]*\r?\n((?:[ \t]*-.*\n?)+)/m ? map { s/^\s*-\s*["']?|["']?\s*$//gr } split /\n/, $1 : ();
			$m{ $key =~ /^alias/ ? 'names' : 'tags' }{ lc $_ } = 1 for @got;
		}
	}
	$title = $1 if $title eq '' && $body =~ /^#[ \t]+(.*?)[ \t#]*\r?$/m;
	$m{names}{ lc $_ } = 1 for grep { length } $title, $stem;
	$m{tags}{ lc $1 } = 1 while $body =~ /(?:^|\s)#([\w\/-]*[A-Za-z_][\w\/-]*)/g;
	return \%m;
}

# ---- where a link must not be: one byte of the mask a byte of text ----
sub forbidden {
	my ($text) = @_;
	my $mask = '0' x length $text;
	my $mark = sub { substr($mask, $_[0], $_[1] - $_[0]) = '1' x ($_[1] - $_[0]) };
	$mark->(0, $+[0]) if $text =~ /\A---\r?\n.*?^(?:---|\.\.\.)\r?$/ms;
	$mark->($-[0], $+[0]) while $text =~ /^[ ]{0,3}(`{3,}|~{3,}).*?(?:^[ ]{0,3}\1|\z)/msg;
	my $outside = $text;
	for my $i (0 .. length($mask) - 1) { substr($outside, $i, 1) = ' ' if substr($mask, $i, 1) eq '1' && substr($text, $i, 1) ne "\n" }
	$mark->($-[0], $+[0]) while $outside =~ /(`+)(?!`).+?(?<!`)\1(?!`)/sg;
	$mark->($-[0], $+[0]) while $outside =~ m{\bhttps?://[^\s)>\]]+}g;
	$mark->($-[0], $+[0]) while $outside =~ /!?\[[^\]\n]*\]\([^)\n]*\)/g;
	$mark->($-[0], $+[0]) while $outside =~ /!?\[\[[^\]\n]*\]\]/g;
	$mark->($-[0], $+[0]) while $outside =~ /<[A-Za-z!\/][^>\n]*>/g;
	return $mask;
}

my %old = files($before);
my %new = files($after);
my (%meta, %by_name);
for my $p (grep { /\.md$/ } sort keys %old) {
	$meta{$p} = meta($p, slurp($old{$p}));
	(my $bare = lc $p) =~ s/\.md$//;
	push @{ $by_name{$_} }, $p for do { my %u = map { $_ => 1 } $bare, $meta{$p}{stem}; keys %u };
}

sub check_link {
	my ($note, $target, $anchor, $text, $seen) = @_;
	my @found = @{ $by_name{ lc $target } // [] };
	$links++;
	return blame($rules[0], "$note -> $target") unless @found == 1;
	my ($me, $it) = ($meta{$note}, $meta{ $found[0] });
	blame($rules[1], $note) if $found[0] eq $note;
	blame($rules[4], "$note -> $target") if $seen->{ $found[0] }++;
	my $named = grep { $text =~ /(?<![A-Za-z0-9])\Q$_\E(?![A-Za-z0-9])/i } keys %{ $it->{names} };
	my $shared = grep { $it->{tags}{$_} } keys %{ $me->{tags} };
	blame($rules[3], "$note -> $target") unless $named || $shared;
}

for my $p (sort keys %new) { blame($rules[5], "$p is new") unless $old{$p} }
for my $p (sort keys %old) {
	if (!$new{$p}) { blame($rules[5], "$p is gone"); next }
	my ($a, $b) = (slurp($old{$p}), slurp($new{$p}));
	blame($rules[5], "$p: its mode changed") if ((stat $old{$p})[2] & 07777) != ((stat $new{$p})[2] & 07777) && $p =~ /\.md$/;
	next if $a eq $b;
	if ($p !~ /\.md$/) { blame($rules[5], $p); next }
	my (%seen, $managed) = ();
	while ($a =~ /\[\[([^\]|#\n]+)/g) { my $f = $by_name{ lc $1 } // []; $seen{ $f->[0] }++ if @$f == 1 }
	# the managed section: its heading, the marker, and list entries up to the next heading or the end
	if ($b =~ /^(?:\r?\n)?^##[^\n]*<!-- kennel:links -->[ \t]*\r?\n((?:[ \t]*(?:-[^\n]*)?\r?\n?)*)/m) {
		my ($from, $to, $list) = ($-[0], $+[0], $1);
		$managed = $list;
		substr($b, $from, $to - $from) = '';
		$a =~ s/\s*\z//;
		$b =~ s/\s*\z//;
	}
	my ($mask, $i, $j, $why) = (forbidden($a), 0, 0, '');
	while ($i < length $a || $j < length $b) {
		if ($i < length $a && $j < length $b && substr($a, $i, 1) eq substr($b, $j, 1)) { $i++; $j++; next }
		pos($b) = $j;
		if ($b =~ /\G\[\[([^\]|\n]+?)(?:\\?\|([^\]\n]+))?\]\]/g) {
			my ($target, $anchor) = ($1, $2 // $1);
			if (substr($a, $i, length $anchor) eq $anchor) {
				blame($rules[2], "$p: $anchor") if substr($mask, $i, length $anchor) =~ /1/;
				check_link($p, $target, $anchor, $a, \%seen);
				$i += length $anchor;
				$j = pos $b;
				next;
			}
		}
		$why = substr $b, $j, 40;
		last;
	}
	blame($rules[5], "$p: at byte $j: $why") if $why ne '' || $i < length $a;
	if (defined $managed) {
		for (grep { /\S/ } split /\r?\n/, $managed) {
			if (/^\s*-\s*\[\[([^\]|]+)(?:\|[^\]]+)?\]\]\s*$/) { check_link($p, $1, undef, $a, \%seen) }
			else { blame($rules[5], "$p: managed section: $_") }
		}
	}
}

for my $rule (@rules) {
	my @b = @{ $bad{$rule} // [] };
	if (@b) { print "not ok $rule: ", join('; ', @b[0 .. ($#b > 4 ? 4 : $#b)]), (@b > 5 ? " (and $#b more)" : ''), "\n" }
	else { print "ok $rule\n" }
}
print "summary $links links added\n";
exit(%bad ? 1 : 0);
