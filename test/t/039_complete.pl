# complete_until is never later than the truth: whatever is done to a list that changes all the time, a sync of it, and
# a push of its target, each record that has a time up to complete_until is in the target as it is in the list, and
# what was committed in the source of the push by then has been acknowledged.
#
# XBB_SEED gives the steps, XBB_LONG more of them.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use Target;
use Xbb;

my $seed = int($ENV{XBB_SEED} // time);
my $corpid = "dingComplete-$$";
my $erp = "targetComplete-$$";
my $node = start_node('complete');
my $session = Xbb::Session->new($node);

srand($seed);
note("XBB_SEED=$seed");
sim($corpid, 'create', token => 't0ken', products => 150, width => 2);
target_create($erp);
$session->run(qq{
	CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}', rate_limit '0', settle_time '2s',
		max_retries '0');
	CREATE USER MAPPING FOR PUBLIC SERVER crm OPTIONS (token 't0ken');
	CREATE FOREIGN TABLE source (data_id bigint, name text OPTIONS (attr 'text_1'), update_time timestamptz) SERVER crm OPTIONS (object 'product');
	CREATE TABLE one (data_id bigint PRIMARY KEY, name text, update_time timestamptz, stamped timestamptz);
	CREATE TABLE two (LIKE one INCLUDING ALL);
	CREATE VIEW target AS SELECT data_id, update_time FROM one;
	SELECT xbb.create_sync('copy', source => 'source', target => 'one', overlap => '1 minute', chunk => '30 days', delete_mode => 'delete', stamp => 'stamped');
} . target_sql('erp', $erp, q{data_id bigint OPTIONS (attr 'id', string 'true'), update_time timestamptz OPTIONS (attr 'version', time 'epoch')},
		repeat => 'upsert', server => { max_retries => '0' }));
my ($target, $push) = ('one', 0);

# How many records of the list, or rows of the push's source, are not where they should be.
sub missing
{
	return $session->value(qq{
		WITH u AS MATERIALIZED (SELECT xbb.complete_until('{copy}') AS until)
		SELECT count(*) FROM source s LEFT JOIN $target t USING (data_id)
		WHERE s.update_time <= (SELECT until FROM u) AND t.update_time IS DISTINCT FROM s.update_time});
}

sub unsent
{
	my %has;

	return 0 unless $push;
	# the newest version that the target took of each key
	$has{ $_->{key} } = $_->{version} for grep { $_->{executed} =~ /^(?:new|again|update)$/ } target_journal($erp);
	my $due = $session->run(qq{
		SELECT data_id || ' ' || floor(extract(epoch FROM update_time)) FROM $target
		WHERE stamped <= (SELECT complete_until - interval '1 second' FROM xbb.task_status WHERE name = 'out')})->{rows};
	return scalar(grep { my ($key, $version) = split / /; ($has{$key} // 0) < $version } @$due);
}

my %steps = (
	sync => sub { "CALL xbb.sync('copy')" },
	full => sub { "CALL xbb.sync('copy', full => true)" },
	reconcile => sub { "CALL xbb.reconcile('copy')" },
	all => sub { "CALL xbb.reconcile('copy', full => true)" },
	rejects => sub { "CALL xbb.retry_rejects('copy')" },
	block => sub { "BEGIN; CALL xbb.sync('copy'); COMMIT" },
	rolled_back => sub { "BEGIN; CALL xbb.sync('copy'); ROLLBACK" },
	# what fails in the middle, or is resumed
	broken => sub { sim($corpid, 'fault', what => 'code', code => 100001, msg => 'broken', at => 1 + int(rand(12)), path => 'product/list'); "CALL xbb.sync('copy')" },
	broken_full => sub { sim($corpid, 'fault', what => 'status', code => 500, at => 1 + int(rand(12)), path => 'product/list'); "CALL xbb.reconcile('copy', full => true)" },
	push => sub { $push = 1; "CALL xbb.push('out')" },
	refused => sub { $push = 1; sim($erp, 'fault', what => 'close', at => 'first'); "CALL xbb.push('out')" },
	# begins anew
	target => sub { $target = $target eq 'one' ? 'two' : 'one'; "TRUNCATE $target; SELECT xbb.alter_sync('copy', target => '$target'); CREATE OR REPLACE VIEW target AS SELECT data_id, update_time FROM $target" });
my @often = qw(sync sync sync sync broken broken full push push push refused);
my @first = qw(broken sync push broken target push sync refused push);
my ($wrong, $known, $sent, %done) = (0, 0, 0);

$session->run(q{SELECT xbb.create_push('out', source => 'SELECT data_id, update_time FROM target', target => 'erp', key => '{data_id}')});
sim($corpid, 'mutate', per_second => 5, kinds => 'touch,add', seed => $seed);
for my $n (1 .. long_run(24, 600))
{
	my @names = (@often, sort keys %steps);
	my $name = shift @first // $names[ rand @names ];

	$session->run($steps{$name}->());
	$session->run('ROLLBACK');
	sim($_, 'clear', what => 'faults') for $corpid, $erp;
	$done{$name}++;
	$known++ if $session->value(q{SELECT xbb.complete_until('{copy}') IS NOT NULL}) eq 't';
	$sent++ if $session->value(q{SELECT xbb.complete_until('{out}') IS NOT NULL}) eq 't';
	my ($missing, $unsent) = (missing(), unsent());
	next if $missing eq '0' && $unsent == 0;
	$wrong++;
	diag("step $n, $name: $missing records are not there, $unsent not sent");
}
sim($corpid, 'mutate', per_second => 0);
is($wrong, 0, 'what complete_until says is true at each step') or diag("XBB_SEED=$seed");
cmp_ok($known, '>', 5, '... and mostly it says something');
cmp_ok($sent, '>', 2, '... of the push, too');
note(join(', ', map { "$_: $done{$_}" } sort keys %done));
# and it goes on
$session->run("CALL xbb.sync('copy')");
is($session->value('SELECT to_timestamp(' . sim($corpid, 'clock') . q{) - xbb.complete_until('{copy}') < '1 min'}), 't', 'when all is well it is as of now, by the clock of the API');

$session->quit;
$node->stop;
sim($_, 'remove') for $corpid, $erp;
done_testing();
