# What runs tell, and leave, that do not end by themselves.  One that was killed has in the log what it had done; what it
# had in the air is taken over by the workers that are left.  One that comes while another reads the source waits
# for what that brings.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Target;
use Xbb;

my $node = start_node('push_told');
my $watch = Xbb::Session->new($node);
my @targets;

# A push of so many records, one a request.
sub make_push
{
	my ($name, $records, $source, $create, %options) = @_;
	my $target = "targetTold-$name-$$";

	push @targets, $target;
	target_create($target, twice => 'double', latency => $create->{latency} // 1);
	$node->safe_psql('postgres',
		"CREATE TABLE source_$name AS SELECT 'K' || n AS id, 1 AS version FROM generate_series(1, $records) n;"
		. target_sql($name, $target, 'id text, version integer', batch_size => 1, envelope => '"$records"',
			server => { concurrency => 1, request_timeout => '60s' }, %options)
		. "SELECT xbb.create_push('$name', source => '$source', target => '$name', key => '{id}', workers => 2)");
	return $target;
}

sub end_session
{
	my ($session) = @_;

	$watch->run("SELECT pg_terminate_backend($session->{pid})");
	ok(wait_until(sub { $watch->value("SELECT count(*) FROM pg_stat_activity WHERE pid = $session->{pid}") == 0 }, 60), 'a worker is killed');
	return;
}

# answers take longer than the log is behind
my $target = make_push('killed', 6, 'source_killed', { latency => 150 });
sim($target, 'hold', at => 4, times => 0, path => 'api/execute');
my $run = Xbb::Session->new($node)->send(q{CALL xbb.push('killed')});
ok(held($target, $run), 'three records are there, and a run waits for its fourth');
end_session($run);
my $log = q{SELECT concat_ws(' ', status, enqueued, acknowledged, rejected, unknown) FROM xbb.push_run WHERE push = 'killed' ORDER BY id};
is($watch->value($log), 'killed 6 3 0 0', 'the log has what it had done');
sim($target, 'release', name => 'all');
sim($target, 'clear', what => 'faults');
$watch->run(q{CALL xbb.push('killed')});
is(join(', ', @{ $watch->run($log)->{rows} }), 'killed 6 3 0 1, incomplete 0 2 0 1', '... and, once that is seen, of what nothing is known');

# what is left is repeated after its time, for which the run waits where that is short
$target = make_push('taken', 2, 'source_taken', {}, repeat => 'upsert', server => { concurrency => 1, request_timeout => '3s' });
sim($target, 'set', twice => 'upsert');
sim($target, 'hold', at => 1, times => 0, path => 'api/execute');
my $living = Xbb::Session->new($node)->send(q{CALL xbb.push('taken')});
ok(held($target, $living), 'one worker has a record in the air');
my $dead = Xbb::Session->new($node)->send(q{CALL xbb.push('taken')});
ok(wait_until(sub { $watch->value(q{SELECT count(*) FROM xbb.push_item WHERE push = 'taken' AND status = 'sending'}) == 2 }, 60),
	'... and another the other one');
end_session($dead);
sim($target, 'clear', what => 'faults');
sim($target, 'release', name => 'all');
is($living->result->{sqlstate}, '00000', 'the one that is left ends well');
is($watch->value(q{SELECT string_agg(status, ' ') FROM xbb.push_item WHERE push = 'taken'}), 'acknowledged acknowledged',
	'... with what the other one left');
is($watch->value(q{SELECT string_agg(status, ' ' ORDER BY status) FROM xbb.push_run WHERE push = 'taken'}), 'killed succeeded', '... which the log says');

# the source is read while a lock is waited for
$node->safe_psql('postgres', q{CREATE FUNCTION gate() RETURNS text LANGUAGE plpgsql AS
	$$ BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN 'K'; END $$});
$target = make_push('late', 40, q{SELECT gate() || n AS id, 1 AS version FROM generate_series(1, 40) n}, { latency => 60 });
$watch->run('SELECT pg_advisory_lock(4711)');
my $reader = Xbb::Session->new($node)->send(q{CALL xbb.push('late')});
ok(wait_until(sub { $watch->value(q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted}) == 1 }, 60),
	'a worker reads the source');
my $late = Xbb::Session->new($node)->send(q{CALL xbb.push('late')});
ok(wait_until(sub { $late->ended || $watch->value("SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = $late->{pid}") eq 't' }, 60),
	'another one comes');
$watch->run('SELECT pg_advisory_unlock(4711)');
$_->result for $reader, $late;
is($watch->value(q{SELECT count(*) FROM xbb.push_run WHERE push = 'late' AND status = 'succeeded' AND requests > 0}), 2, '... and has something to do');
my %judged = target_judge($target, { map { ("K$_" => 1) } 1 .. 40 }, once => 1);
is_deeply($judged{$_}, [], "nothing is $_") for qw(twice lost strange);

$node->stop;
sim($_, 'remove') for @targets;
done_testing();
