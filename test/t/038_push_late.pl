# Targets that are late.  One that executes a request when nobody waits for it any more gets
# no record twice, however early it is asked whether it is there; a newer version of a key
# waits until the older one is known.  One that does not find a record may say so by an empty
# list.  And one that cannot take large batches in time gets smaller ones.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Target;
use Xbb;

my $node = start_node('push_late');
my $watch = Xbb::Session->new($node);
my @targets;

sub make_push
{
	my ($name, $twice, $records, %options) = @_;
	my $target = "targetLate-$name-$$";

	push @targets, $target;
	target_create($target, twice => $twice);
	$node->safe_psql('postgres',
		"CREATE TABLE source_$name AS SELECT 'K' || n AS id, 1 AS version FROM generate_series(1, $records) n;"
		. target_sql($name, $target, 'id text, version integer', %options)
		. "SELECT xbb.create_push('$name', source => 'source_$name', target => '$name', key => '{id}')");
	return $target;
}

# What waits for its next try is due: requests, and records that a probe did not find.
sub hurry
{
	my ($name) = @_;

	$watch->run("UPDATE xbb._push_request SET next_try = now() WHERE next_try < 'infinity' AND push = (SELECT id FROM xbb._push_definition WHERE name = '$name')");
	$watch->run("UPDATE xbb._push_item SET next_try = now() WHERE status = 'pending' AND next_try < 'infinity' AND push = (SELECT id FROM xbb._push_definition WHERE name = '$name')");
	return;
}

# Ends a run as soon as an answer has been given up: it sleeps then, until the item is due.
sub run_until_unknown
{
	my ($name) = @_;
	my $run = Xbb::Session->new($node)->send("CALL xbb.push('$name')");

	wait_until(sub { $watch->value("SELECT count(*) FROM pg_stat_activity WHERE pid = $run->{pid} AND wait_event = 'PgSleep'") > 0 || $run->ended }, 30);
	$watch->run("SELECT pg_cancel_backend($run->{pid})");
	$run->result;
	is($watch->value("SELECT status FROM xbb.push_item WHERE push = '$name'"), 'unknown', "$name: no answer comes");
	return;
}

# Runs a push again and again until all is known.  Each run is a try, of which there are not many: hence the second.
sub run_to_end
{
	my ($name) = @_;

	wait_until(
		sub
		{
			hurry($name);
			$node->psql('postgres', "SET statement_timeout = '2s'; CALL xbb.push('$name')");
			my $left = $watch->value("SELECT count(*) FROM xbb.push_item WHERE push = '$name' AND status <> 'acknowledged'");
			$watch->run('SELECT pg_sleep(1)') if $left;
			return !$left;
		},
		120);
	return;
}

sub is_well
{
	my ($target, $what, %wanted) = @_;
	my %judged = target_judge($target, \%wanted);

	is_deeply([ map { @{ $judged{$_} } ? "$_: @{ $judged{$_} }" : () } qw(twice back lost strange changed) ], [], $what);
	return;
}

# asked while it is on its way: it is not there, and yet it is not to be sent again
my $target = make_push('probe', 'double', 1, repeat => 'probe', batch_size => 2);
sim($target, 'fault', what => 'later', ms => 4500, at => 'first', path => 'api/execute');
run_until_unknown('probe');
run_to_end('probe');
is_well($target, 'a target that is late has the record once', K1 => 1);
is($watch->value(q{SELECT status FROM xbb.push_item WHERE push = 'probe'}), 'acknowledged', '... which is known');

# an empty list is a no
$target = make_push('list', 'double', 1, repeat => 'probe', batch_size => 2, server => { request_timeout => '1s' },
	probe => '{"api": "/api/query", "envelope": {"id": "$record.id"}, "found": "$.data[*]", "id": "$.data[0].docId"}');
sim($target, 'fault', what => 'lost', at => 'first', path => 'api/execute');
run_until_unknown('list');
run_to_end('list');
is_well($target, 'what a target has not in its list is sent again', K1 => 1);

# of two that are asked for, one is known before the other one's answer comes, and another worker comes
$target = make_push('asked', 'double', 2, repeat => 'probe', batch_size => 2, server => { request_timeout => '60s', max_retries => 0, concurrency => 2 });
$watch->run(q{SELECT xbb.alter_push('asked', workers => 2)});
sim($target, 'fault', what => 'close', at => 'first', path => 'api/execute');
sim($target, 'fault', what => 'html', at => 'first', path => 'api/query');
sim($target, 'hold', at => 2, path => 'api/query');
my $asking = Xbb::Session->new($node)->send(q{CALL xbb.push('asked')});
wait_until(sub { sim($target, 'held', name => 'hold') && $watch->value(q{SELECT count(*) FROM xbb.push_item WHERE push = 'asked' AND status = 'unknown'}) == 1 }, 60);
$node->psql('postgres', q{SELECT xbb.push_resolve(id, 'acknowledged', 'seen') FROM xbb.push_item WHERE push = 'asked' AND status = 'unknown'});
hurry('asked');
$node->psql('postgres', q{CALL xbb.push('asked')});
sim($target, 'release', name => 'all');
$asking->result;
is($watch->value(q{SELECT count(*) FROM xbb.push_item WHERE push = 'asked' AND status = 'held'}), 0, 'what is asked for is not held meanwhile');
run_to_end('asked');
is_well($target, '... and is there once', K1 => 1, K2 => 1);

# the older version first
$target = make_push('newer', 'upsert', 1, repeat => 'upsert', batch_size => 2, server => { request_timeout => '1s' });
sim($target, 'fault', what => 'later', ms => 1500, times => 2, path => 'api/execute');
run_until_unknown('newer');
$watch->run(q{UPDATE source_newer SET version = 2; UPDATE xbb._push_request SET next_try = now() + interval '1 hour'});
$watch->run(q{CALL xbb.push('newer')});
is(join(' ', @{ $watch->run(q{SELECT status, record::jsonb ->> 'version' FROM xbb.push_item WHERE push = 'newer' ORDER BY status})->{rows} }),
	'pending|2 unknown|1', 'a newer version waits for the one that is unknown');
is(scalar(grep { $_->{version} eq '2' } target_journal($target)), 0, '... and does not leave');
run_to_end('newer');
is_well($target, 'then it comes, last', K1 => 2);

# the one that was in the air when its run was killed
$target = make_push('killed', 'upsert', 1, repeat => 'upsert', batch_size => 2, server => { request_timeout => '8s' });
sim($target, 'fault', what => 'later', ms => 4000, at => 'first', path => 'api/execute');
my $killed = Xbb::Session->new($node)->send(q{CALL xbb.push('killed')});
wait_until(sub { sim($target, 'count') > 0 }, 60);
$watch->run("SELECT pg_terminate_backend($killed->{pid})");
wait_until(sub { $watch->value("SELECT count(*) FROM pg_stat_activity WHERE pid = $killed->{pid}") == 0 }, 60);
$watch->run(q{UPDATE source_killed SET version = 2});
wait_until(sub {
	$node->psql('postgres', q{CALL xbb.push('killed')});
	return $watch->value(q{SELECT count(*) FROM xbb.push_item WHERE push = 'killed' AND status <> 'acknowledged'}) == 0;
}, 120);
# the late one and its repeat
wait_until(sub { (grep { $_->{version} eq '1' && $_->{executed} =~ m{^(?:new|again|stale)$} } target_journal($target)) >= 2 }, 60);
is_well($target, 'what a kill left in the air is not executed after a newer version', K1 => 2);

# the same of one that had waited for its turn, longer than for an answer, before it left
$target = make_push('pace', 'upsert', 12, repeat => 'upsert', batch_size => 2,
	server => { request_timeout => '5s', rate_limit => '1', concurrency => 4 });
sim($target, 'fault', what => 'later', ms => 4000, at => 6, path => 'api/execute');
$killed = Xbb::Session->new($node)->send(q{CALL xbb.push('pace')});
wait_until(sub { sim($target, 'count') > 5 }, 60);
$watch->run("SELECT pg_terminate_backend($killed->{pid})");
wait_until(sub { $watch->value("SELECT count(*) FROM pg_stat_activity WHERE pid = $killed->{pid}") == 0 }, 60);
my ($late) = map { $_->{key} } grep { $_->{executed} eq 'later' } target_journal($target);
$watch->run("UPDATE source_pace SET version = 2 WHERE id = '$late'");
wait_until(sub {
	$node->psql('postgres', q{CALL xbb.push('pace')});
	return $watch->value(q{SELECT count(*) FROM xbb.push_item WHERE push = 'pace' AND status <> 'acknowledged'}) == 0;
}, 120);
wait_until(sub { (grep { $_->{key} eq $late && $_->{version} eq '1' && $_->{executed} =~ m{^(?:new|again|stale)$} } target_journal($target)) >= 2 }, 60);
is_well($target, '... nor is what had left late', (map { ("K$_" => 1) } 1 .. 12), $late => 2);

# what times out above 20 records
$target = make_push('size', 'upsert', 400, repeat => 'upsert', batch_size => 50, server => { request_timeout => '1s', concurrency => 2 });
sim($target, 'set', slow_above => 20, slow_ms => 60000, slow_executes => 'off');
run_to_end('size');
is_well($target, 'a target that is slow above 20 records gets them all', map { ("K$_" => 1) } 1 .. 400);
cmp_ok($watch->value(q{SELECT coalesce(batch, 50) FROM xbb._push_definition WHERE name = 'size'}), '<=', 40, '... in requests that fit, which is kept for the next run');
my %size;
$size{ $_->{request} }++ for target_journal($target);
cmp_ok((sort { $b <=> $a } map { $size{$_} } grep { $_ ne '-' } keys %size)[0], '<=', 50, '... none of them larger than batch_size');

$node->stop;
sim($_, 'remove') for @targets;
done_testing();
