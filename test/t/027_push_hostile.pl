# Nothing is sent twice and nothing is lost, whatever the target does and whenever the
# database is killed: for each class of option repeat a push of its own, to a target
# that commits and drops the connection, answers late, with HTML, with nothing, leaves out
# half of a batch, refuses one, throttles, says that the token has expired, also after
# executing all.  In the midst of it the whole server is killed, again and again.
#
# The judge is the journal of the target, not our states; that these are right, too, is
# asked at the end: nothing is unknown but where option repeat is never, and there exactly
# what was not told or stood in sending when the server was killed.  That the token has expired
# tells nothing: this target says so after executing, too.
#
# A moment is a request of each target, at which the simulator holds all that come from
# there on, and for every second kill a while after they went on.  Every other run
# has synchronous_commit off.
#
# XBB_LONG=1 makes it 200 kills and 10,000 records; XBB_SEED the moments and the faults.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);
use Target;
use Xbb;

my $kills = long_run(4, 200);
my $records = long_run(1_000, 10_000);
my $batch = 20;
my @classes = qw(key upsert refuse probe never);
my $seed = int($ENV{XBB_SEED} // time);
my $node = start_node('push_hostile', 'wal_buffers = 64MB');

srand($seed);
note("XBB_SEED=$seed");

# What each target does with a record that is there already, and the harm that it does.  Who
# says of what was executed that it was not, or executes it when nobody waits any more,
# can be pushed to only where a repeat does no harm.
my %twice = (key => 'double', upsert => 'upsert', refuse => 'refuse', probe => 'double', never => 'double');
my @harm = (
	[ 'close' ], [ 'lost' ], [ 'html' ], [ 'empty' ], [ 'truncated' ], [ 'null' ], [ 'half' ],
	[ 'status', code => 500 ], [ 'hang' ], [ 'half-told' ], [ 'refuse-one' ],
	[ 'says', kind => 'throttled', retry_after => 1 ], [ 'says', kind => 'busy' ],
	[ 'says', kind => 'token' ], [ 'says', kind => 'token', executed => 'on' ],
);
my @lies = ([ 'says', kind => 'busy', executed => 'on' ], [ 'delay', ms => 3500 ]);

sub target_of { return "targetHostile-$_[0]-$$"; }

for my $class (@classes)
{
	my $target = target_of($class);
	my @faults = (@harm, $class eq 'never' || $class eq 'probe' ? () : @lies, $class =~ /^(?:key|refuse)$/ ? [ 'later', ms => 3500 ] : ());

	target_create($target, twice => $twice{$class}, latency => 10, app_id => 'push', app_secret => 's3cret',
		idempotency => $class eq 'key' ? 'required' : 'off');
	for my $n (0 .. $#faults)
	{
		my ($what, %args) = @{ $faults[$n] };

		sim($target, 'fault', what => $what, prob => 0.025, seed => $seed + $n, path => 'api/execute', %args);
	}
	$node->safe_psql('postgres',
		"CREATE TABLE source_$class AS SELECT 'K' || n AS id, 1 AS version, '物料' || n AS name FROM generate_series(1, $records) n;"
		. target_sql($class, $target, 'id text, version integer, name text', repeat => $class, batch_size => $batch, token => 1)
		. "SELECT xbb.create_push('$class', source => 'source_$class', target => '$class', key => '{id}');");
}

# Runs all pushes at once, each in a session of its own.
sub start_pushes
{
	my ($off) = @_;

	return map {
		Xbb::Session->new($node, options => '-c synchronous_commit=' . ($off ? 'off' : 'on'))->send("CALL xbb.push('$_')")
	} @classes;
}

# What was put off is due now; for what a person has to decide nothing is.
sub hurry
{
	$node->safe_psql('postgres', q{
		UPDATE xbb._push_item SET next_try = now() WHERE next_try > now() AND next_try < 'infinity';
		UPDATE xbb._push_request SET next_try = now() WHERE next_try > now() AND next_try < 'infinity'});
	return;
}

# Newer versions, where the target takes them.
sub change_rows
{
	$node->safe_psql('postgres', "UPDATE source_upsert SET version = version + 1 WHERE id IN ("
		. join(', ', map { "'K" . (1 + int(rand($records))) . "'" } 1 .. $records / 20) . ')');
	return;
}

my (%sending, $struck, $standing);
for my $kill (1 .. $kills)
{
	my $off = $kill % 2 == 0;
	my $later = $kill % 4 > 1;
	my $most = 2 * $records / $batch / ($kills + 1);

	# so that all that is committed without a flush is lost by the kill
	kill('STOP', $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'})) if $off;
	sim(target_of($_), 'hold', at => 1 + int(rand($most)), times => 0, path => 'api/execute') for @classes;
	my @sessions = start_pushes($off);
	my @held;
	# most of them, that is: what is held too long is what hangs
	wait_until(sub {
		@held = map { sim(target_of($_), 'held', name => 'hold') } @classes;
		return !grep { !$held[$_] && !$sessions[$_]->ended } 0 .. $#classes;
	}, 2.5);
	$struck += grep { $_ } @held;
	sim(target_of($_), 'release', name => 'all') for @classes;
	sleep(rand(.1)) if $later;
	kill_server($node);
	$_->quit for @sessions;
	$node->start;
	my @standing = split(/\n/, $node->safe_psql('postgres', q{SELECT key[1] FROM xbb.push_item WHERE push = 'never' AND status = 'sending'}));
	$sending{$_} = 1 for @standing;
	$standing += @standing;
	change_rows();
	hurry();
}
note("of ", $kills * @classes, " pushes $struck were struck at a request; $standing records of never stood in sending");
cmp_ok($struck, '>', $kills * 2, 'pushes were struck while they sent');

# until nothing moves any more; what was refused once is sent again
my $rounds = 0;
for (1 .. 60)
{
	my $open = $node->safe_psql('postgres', q{
		SELECT count(*) FROM xbb.push_item WHERE status NOT IN ('acknowledged', 'unknown') OR status = 'unknown' AND push <> 'never'});

	last if $rounds && $open eq '0';
	$rounds++;
	sim(target_of($_), 'clear', what => 'all') for $rounds == 40 ? @classes : ();
	$node->safe_psql('postgres', q{SELECT xbb.push_retry(id) FROM xbb.push_item WHERE status IN ('rejected', 'held') AND push <> 'never' OR status = 'rejected'});
	hurry();
	$_->result(600), $_->quit for start_pushes(0);
}
note("$rounds more runs");

for my $class (@classes)
{
	my $target = target_of($class);
	my %wanted = map { split(/\|/) } split(/\n/, $node->safe_psql('postgres', "SELECT id, version FROM source_$class"));
	my %judged = target_judge($target, \%wanted, once => $class ne 'upsert');
	my %states = map { split(/\|/) } split(/\n/, $node->safe_psql('postgres',
		"SELECT status, count(*) FROM xbb.push_item WHERE push = '$class' GROUP BY status"));
	my @unknown = split(/\n/, $node->safe_psql('postgres',
		"SELECT key[1] FROM xbb.push_item WHERE push = '$class' AND status = 'unknown' ORDER BY key[1] COLLATE \"C\""));
	my %unknown = map { $_ => 1 } @unknown;

	note("$class: $judged{executed} executed, " . join(', ', map { "$states{$_} $_" } sort keys %states));
	is_deeply($judged{twice}, [], "$class: nothing twice");
	is_deeply($judged{back}, [], "$class: no version that is older than what was there");
	is_deeply($judged{changed}, [], "$class: a request that was repeated is the same, byte for byte");
	is_deeply($judged{strange}, [], "$class: nothing else");
	is_deeply([ grep { !$unknown{$_} } @{ $judged{lost} } ], [], "$class: nothing lost");
	if ($class eq 'never')
	{
		my %unheard = map { $_ => 1 } target_unheard($target, 'token'), keys %sending;
		my %odd = map { $_ => 1 } grep { !$unknown{$_} != !$unheard{$_} } keys %unknown, keys %unheard;

		is(join(' ', sort keys %odd), '', 'never: unknown is what was not told, or stood in sending at a kill');
		diag(explain([ grep { $odd{ $_->{key} } } target_journal($target) ]),
			$node->safe_psql('postgres', q{SELECT * FROM xbb.push_item WHERE push = 'never' AND key[1] IN ('}
			. join(q{','}, keys %odd) . q{') ORDER BY id LIMIT 30})) if %odd;
		cmp_ok(scalar(@unknown), '<', $records, 'never: and that is not all');
	}
	else
	{
		is_deeply(\%states, { acknowledged => $records }, "$class: all acknowledged, nothing unknown");
	}
}

$node->stop;
sim(target_of($_), 'remove') for @classes;
done_testing();
