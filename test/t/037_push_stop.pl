# A run that is stopped: by a cancel, by statement_timeout, by the quota of its day, by who
# disables its push.  What has left and has no answer is unknown, what has not left waits
# for the next run; the journal of the target says which is which.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Target;
use Xbb;

my $node = start_node('push_stop');
my $watch = Xbb::Session->new($node);
my @targets;

# A push of twelve records, one a request, to a target that takes all twice.
sub make_push
{
	my ($name, %server) = @_;
	my $target = "targetStop-$name-$$";

	push @targets, $target;
	target_create($target, twice => 'double');
	$node->safe_psql('postgres',
		"CREATE TABLE source_$name AS SELECT 'K' || n AS id, 1 AS version FROM generate_series(1, 12) n;"
		. target_sql($name, $target, 'id text, version integer', batch_size => 1, envelope => '"$records"', server => { concurrency => 4, %server })
		. "SELECT xbb.create_push('$name', source => 'source_$name', target => '$name', key => '{id}')");
	return $target;
}

# Items by status.
sub states
{
	my ($name) = @_;

	return { map { split(/\|/) } split(/\n/, $node->safe_psql('postgres',
		"SELECT status, count(*) FROM xbb.push_item WHERE push = '$name' GROUP BY status")) };
}

# Whether the items of a state are those that the target has.
sub is_told
{
	my ($name, $target, $status, $what) = @_;
	my %came = map { $_->{key} => 1 } target_journal($target);
	my @items = split(/\n/, $node->safe_psql('postgres', "SELECT key[1] FROM xbb.push_item WHERE push = '$name' AND status = '$status'"));

	is(scalar(grep { $came{$_} } @items), $status eq 'pending' ? 0 : scalar(@items), $what);
	return;
}

# the first leaves at once, the next ones wait for a slot that comes in more than a minute
my $target = make_push('slow', rate_limit => '0.01');
my $run = Xbb::Session->new($node)->send(q{CALL xbb.push('slow')});
ok(wait_until(sub { $watch->value(q{SELECT count(*) FROM xbb.push_item WHERE push = 'slow' AND status = 'sending' AND attempts = 1}) > 1 }),
	'requests wait for their turn');
$watch->run("SELECT pg_cancel_backend($run->{pid})");
is($run->result->{sqlstate}, '57014', 'a run is cancelled');
is_deeply(states('slow'), { acknowledged => 1, pending => 11 }, 'what never left is pending');
is_told('slow', $target, 'pending', '... and the target never saw it');
is($watch->value(q{SELECT count(*) FROM xbb._push_request}), 0, '... no request is left of it');
is($watch->value(q{SELECT count(*) FROM xbb._push_item WHERE status = 'pending' AND (attempts > 0 OR sent IS NOT NULL OR next_try > now())}), 0,
	'... no try of it is counted');
is($watch->value(q{SELECT status || ' ' || sqlstate FROM xbb.push_run WHERE push = 'slow' ORDER BY id DESC LIMIT 1}), 'failed 57014', '... the log says why');

# a newer version that waits takes the place of one that comes back
$node->safe_psql('postgres', q{ALTER SERVER slow OPTIONS (SET rate_limit '0')});
$node->safe_psql('postgres', q{CALL xbb.push('slow')});
is_deeply(states('slow'), { acknowledged => 12 }, 'the next run sends it');
$node->safe_psql('postgres', q{ALTER SERVER slow OPTIONS (SET rate_limit '0.01'); UPDATE source_slow SET version = 2});
$run = Xbb::Session->new($node, options => '-c statement_timeout=2s')->send(q{CALL xbb.push('slow')});
ok(wait_until(sub { $watch->value(q{SELECT count(*) FROM xbb._push_item WHERE status = 'sending'}) > 0 }), 'requests wait again');
is($run->result->{sqlstate}, '57014', 'statement_timeout ends a run');
is(states('slow')->{unknown}, undef, '... and nothing is unknown');

# what is in the air is unknown, what waits behind it is not
$target = make_push('air', daily_quota => 3);
sim($target, 'hold', at => 2, times => 0, path => 'api/execute');
$run = Xbb::Session->new($node)->run(q{CALL xbb.push('air')});
is($run->{sqlstate}, '53400', 'the quota ends a run') or diag($run->{error});
is_deeply(states('air'), { acknowledged => 1, unknown => 2, pending => 9 }, 'what left is unknown, what did not is pending');
sim($target, 'release', name => 'all');
is_told('air', $target, 'pending', '... and the target never saw that');

# the stop button: what is in the air is waited for, nothing else is claimed
$target = make_push('button');
sim($target, 'hold', at => 3, times => 0, path => 'api/execute');
my $stopped = Xbb::Session->new($node)->send(q{CALL xbb.push('button')});
ok(held($target, $stopped), 'a run is at work');
$watch->run(q{SELECT xbb.alter_push('button', enabled => false)});
# it is asked once a second
$watch->run('SELECT pg_sleep(1.1)');
sim($target, 'release', name => 'all');
my $result = $stopped->result;
is($result->{sqlstate}, '00000', 'a push that is disabled ends its run well') or diag($result->{error});
my $states = states('button');
cmp_ok($states->{acknowledged}, '<', 12, "... after $states->{acknowledged} records");
is_deeply($states, { acknowledged => $states->{acknowledged}, pending => 12 - $states->{acknowledged} }, '... with the rest pending');
is_told('button', $target, $_, "... the target and we mean the same by $_") for qw(acknowledged pending);
is($watch->value(q{SELECT status FROM xbb.push_run WHERE push = 'button' ORDER BY id DESC LIMIT 1}), 'stopped', '... the log says so');
like($watch->run(q{CALL xbb.push('button')})->{error}, qr/push button is not enabled/, '... and no other run begins');
$watch->run(q{SELECT xbb.alter_push('button', enabled => true)});
is($watch->run(q{CALL xbb.push('button')})->{sqlstate}, '00000', 'it goes on where it is enabled again');
is_deeply(states('button'), { acknowledged => 12 }, '... to the end');

$node->stop;
sim($_, 'remove') for @targets;
done_testing();
