# The whole chain: a list of the CRM that changes once a second, a sync, a push that its
# target table feeds by a trigger, a target that does harm, and kill -9 of the whole server now
# and then.  At rest both ends are equal, and no version that is older came after a newer one.
#
# XBB_LONG=1 makes it ten minutes and 60 kills; XBB_SEED the moments and the faults.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use FindBin;
use lib $FindBin::RealBin;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);
use Target;
use Xbb;

my $kills = long_run(2, 60);
my $records = 300;
my $corpid = "dingPushChain-$$";
my $target = "targetChain-$$";
my $seed = int($ENV{XBB_SEED} // time);
my $node = start_node('push_chain');

srand($seed);
note("XBB_SEED=$seed");
sim($corpid, 'create', token => 't0ken', products => $records, width => 3);
target_create($target, twice => 'upsert', latency => 5);
my $n = 0;
for my $fault ([ 'close' ], [ 'lost' ], [ 'html' ], [ 'half-told' ], [ 'status', code => 502 ], [ 'says', kind => 'busy', executed => 'on' ])
{
	my ($what, %args) = @$fault;

	sim($target, 'fault', what => $what, prob => 0.04, seed => $seed + $n++, %args);
}
$node->safe_psql('postgres', qq{
	CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}',
		rate_limit '0', settle_time '1s');
	CREATE USER MAPPING FOR PUBLIC SERVER crm OPTIONS (token 't0ken');
	CREATE FOREIGN TABLE crm_product (data_id bigint, name text OPTIONS (attr 'text_1'), update_time timestamptz)
		SERVER crm OPTIONS (object 'product');
	SELECT xbb.create_sync('product', source => 'crm_product', overlap => '3s');
	CALL xbb.sync('product');
} . target_sql('erp', $target, q{data_id bigint OPTIONS (attr 'id', string 'true'), name text,
		update_time timestamptz OPTIONS (attr 'version', time 'epoch')}, repeat => 'upsert', batch_size => 20)
  . q{SELECT xbb.create_push('product', source => 'product', target => 'erp', key => '{data_id}', feed => 'trigger');});

sub hurry
{
	$node->safe_psql('postgres', q{
		UPDATE xbb._push_item SET next_try = now() WHERE next_try > now();
		UPDATE xbb._push_request SET next_try = now() WHERE next_try > now()});
	return;
}

sim($corpid, 'mutate', per_second => 1, kinds => 'touch,add', seed => $seed);
for my $kill (1 .. $kills)
{
	my $sync = Xbb::Session->new($node);
	my $push = Xbb::Session->new($node, options => '-c synchronous_commit=' . ($kill % 2 ? 'off' : 'on'));
	my $end = time + long_run(3, 10) * (.5 + rand());
	my ($syncs, $pushes) = (0, 0);

	$_->send('SELECT 1') for $sync, $push;
	while (time < $end)
	{
		$sync->result, $sync->send(q{CALL xbb.sync('product')}), $syncs++ if $sync->ended;
		$push->result, $push->send(q{CALL xbb.push('product')}), $pushes++ if $push->ended;
		sleep 0.05;
	}
	kill_server($node);
	$_->quit for $sync, $push;
	$node->start;
	hurry();
	note("$syncs syncs, $pushes pushes");
}
my $changes = sim($corpid, 'mutate');
sim($corpid, 'mutate', off => 1);
cmp_ok($changes, '>', $kills, 'the list changed meanwhile');

sub open_items { return $node->safe_psql('postgres', q{SELECT count(*) FROM xbb.push_item WHERE status <> 'acknowledged'}); }

sim($corpid, 'clock', advance => 3);
$node->safe_psql('postgres', q{CALL xbb.sync('product')});
my $rounds = 0;
do
{
	$node->psql('postgres', q{CALL xbb.push('product')});
	hurry();
} while ($rounds++ < 40 && open_items() ne '0');
is(open_items(), '0', 'all is acknowledged');

# the target's last version of each record, whole, and the CRM's list
my %there;
for my $line (target_journal($target))
{
	$there{ $line->{key} } = $line->{record} if $line->{executed} =~ /^(?:new|again|update|stale|double)$/;
}
my (%wanted, %hash);
for my $record (@{ JSON::PP->new->decode(sim($corpid, 'dump', form => 'array')) })
{
	my ($id, $version) = ("$record->{dataId}", $record->{updateTime});

	$wanted{$id} = $version;
	$hash{$id} = sha256_hex(JSON::PP->new->utf8->canonical->encode({ id => $id, name => $record->{data}{text_1}, version => $version + 0 }));
}
my %judged = target_judge($target, \%wanted);
is_deeply($judged{$_}, [], "nothing is $_") for qw(twice back lost strange);
is_deeply(\%there, \%hash, 'both ends are equal, to the last byte');
note("$changes changes, $judged{executed} executed, $rounds runs at rest");

$node->stop;
sim($_, 'remove') for $corpid, $target;
done_testing();
