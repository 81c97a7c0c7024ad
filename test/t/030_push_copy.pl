# A copy of the database sends nothing before xbb.activate(): a dump that is restored into
# another cluster, with items that are pending, unknown and rejected in it.  What it would have
# sent, the target counts.  After activate() what waits there, and what its first run finds, may
# have arrived from the original: it is held, or asked for where that can be; and sent once
# where somebody says so.  A standby that is promoted where a failover may go knows as little what
# was sent meanwhile: there a person decides what is pending.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Target;
use Xbb;

my $target = "targetCopy-$$";
my $original = start_node('push_original');
my $copy = PostgreSQL::Test::Cluster->new('push_copy');

target_create($target, twice => 'double');
for my $repeat (qw(never key probe))
{
	$original->safe_psql('postgres',
		"CREATE TABLE source_$repeat AS SELECT '$repeat' || n AS id, 1 AS version FROM generate_series(1, 100) n;"
		. target_sql($repeat, $target, 'id text, version integer', repeat => $repeat, batch_size => 10)
		. "SELECT xbb.create_push('$repeat', source => 'source_$repeat', target => '$repeat', key => '{id}')");
}
sim($target, 'set', idempotency => 'on');
sim($target, 'refuse', keys => 'never77,key77');
# the first answer does not come, and some of what follows is put off
sim($target, 'fault', what => 'close', at => 1, path => 'api/execute');
$original->psql('postgres', q{CALL xbb.push('never')});
sim($target, 'fault', what => 'close', at => 1, path => 'api/execute');
$original->psql('postgres', q{CALL xbb.push('key')});
$original->psql('postgres', q{CALL xbb.push('probe')});
$original->safe_psql('postgres', q{INSERT INTO source_never VALUES ('later', 1); INSERT INTO source_key VALUES ('later_key', 1)});
my $before = $original->safe_psql('postgres', q{SELECT push, status, count(*) FROM xbb.push_item GROUP BY 1, 2 ORDER BY 1, 2});
note($before);
like($before, qr/never\|acknowledged.*never\|rejected\|1.*never\|unknown/s, 'the original has items of several kinds');

my $dump = '';
IPC::Run::run([ 'pg_dumpall', '-d', $original->connstr('postgres') ], '>', \$dump);
$copy->init(allows_streaming => 1);
$copy->append_conf('postgresql.conf', "fsync = off\n");
$copy->start;
IPC::Run::run([ 'psql', '-Xq', '-d', $copy->connstr('postgres') ], '<', \$dump, '>', \my $out, '2>', \my $errors);
$errors =~ s/^.*role "[^"]*" already exists\n//m;
is($errors, '', 'the dump goes in without an error');
is($copy->safe_psql('postgres', q{SELECT push, status, count(*) FROM xbb.push_item GROUP BY 1, 2 ORDER BY 1, 2}), $before,
	'the copy knows what the original knew');

# the original goes on: what it sends now, the copy finds in its source, too
my $found = join(';', map { "INSERT INTO source_$_ VALUES ('${_}_new', 1)" } qw(never key probe));
$_->safe_psql('postgres', $found) for $original, $copy;
$original->safe_psql('postgres', q{INSERT INTO source_probe VALUES ('probe_there', 1)});
$copy->safe_psql('postgres', q{INSERT INTO source_probe VALUES ('probe_here', 1)});
$original->psql('postgres', "CALL xbb.push('$_')") for qw(never key probe);

my $asked = sim($target, 'count');
for my $statement (q{CALL xbb.push('never')}, q{CALL xbb.push('key')}, q{CALL xbb.push_all()})
{
	my ($status, $stdout, $stderr) = $copy->psql('postgres', $statement);

	like($stderr, qr/xbb\.activate\(\)|push(?:es)? failed/, "$statement says what is missing");
}
is(sim($target, 'count'), $asked, 'before activate() a copy sends nothing');

$copy->safe_psql('postgres', 'SELECT xbb.activate()');
$copy->safe_psql('postgres', q{UPDATE xbb._push_request SET next_try = now() WHERE next_try < 'infinity'});
# what the original sent just now may be executed late
$copy->safe_psql('postgres', q{ALTER SERVER probe OPTIONS (SET request_timeout '1h')});
$copy->psql('postgres', "CALL xbb.push('$_')") for qw(never key probe);
is($copy->safe_psql('postgres', q{SELECT key, status FROM xbb.push_item WHERE key[1] IN ('probe_new', 'probe_here') ORDER BY key}),
	"{probe_here}|unknown\n{probe_new}|acknowledged", 'what is not there yet is not sent at once');
$copy->safe_psql('postgres', q{ALTER SERVER probe OPTIONS (SET request_timeout '3s')});
wait_until(sub { $copy->safe_psql('postgres', q{SELECT count(*) FROM xbb._push_request WHERE given_up > now() - interval '4 s'}) == 0 }, 60);
wait_until(sub {
	$copy->safe_psql('postgres', q{UPDATE xbb._push_request SET next_try = now() WHERE next_try < 'infinity';
		UPDATE xbb._push_item SET next_try = now() WHERE status = 'pending'});
	$copy->psql('postgres', q{CALL xbb.push('probe')});
	return $copy->safe_psql('postgres', q{SELECT status FROM xbb.push_item WHERE key = '{probe_here}'}) eq 'acknowledged';
}, 60);
is($copy->safe_psql('postgres', q{SELECT push, key FROM xbb.push_item WHERE status = 'held' ORDER BY push, key}),
	"key|{key_new}\nkey|{later_key}\nnever|{later}\nnever|{never_new}", 'what the original may have sent is held, also what is read only here');
is($copy->safe_psql('postgres', q{SELECT key, status FROM xbb.push_item WHERE key[1] IN ('probe_new', 'probe_here') ORDER BY key}),
	"{probe_here}|acknowledged\n{probe_new}|acknowledged", 'or asked for');
cmp_ok(sim($target, 'count'), '>', $asked, 'after it it sends');
my %wanted = (
	(map { ("never$_" => 1, "key$_" => 1) } grep { $_ != 77 } 1 .. 100), (map { ("probe$_" => 1) } 1 .. 100),
	map { $_ => 1 } qw(later later_key never_new key_new probe_new probe_here probe_there));
my %judged = target_judge($target, \%wanted, once => 1);
is_deeply($judged{$_}, [], "nothing is $_") for qw(twice lost strange changed);
is($copy->safe_psql('postgres', q{SELECT count(*) FROM xbb.push_item WHERE push = 'key' AND status NOT IN ('acknowledged', 'rejected', 'held')}), '0',
	'what may be repeated is known');
is($copy->safe_psql('postgres', q{SELECT count(*) FROM xbb.push_item WHERE push = 'never' AND status = 'unknown'}), '10',
	'what may not is not');

# a failover: what is pending may have left since
my $standby = PostgreSQL::Test::Cluster->new('push_standby');
my $host = $copy->safe_psql('postgres', 'SELECT host FROM xbb._place');
$copy->safe_psql('postgres', "SELECT xbb.activate(ARRAY['$host:" . $standby->data_dir . "'])");
$copy->safe_psql('postgres', qq{ALTER SERVER $_ OPTIONS (ADD max_retries '0'); INSERT INTO source_$_ VALUES ('$_-pending', 1)}) for qw(never key);
$copy->safe_psql('postgres', q{SELECT xbb.push_resolve(id, 'acknowledged', 'the original has sent it') FROM xbb.push_item WHERE status = 'held'});
for my $push (qw(never key))
{
	sim($target, 'fault', what => 'says', kind => 'throttled', path => 'api/execute');
	$copy->psql('postgres', "CALL xbb.push('$push')");
}
is($copy->safe_psql('postgres', q{SELECT push, status FROM xbb.push_item WHERE key[1] LIKE '%-pending' ORDER BY push}), "key|pending\nnever|pending",
	'the target had no time');
# a copy beside its original, with the same identifier and timeline
$copy->safe_psql('template1', 'CREATE DATABASE twin TEMPLATE postgres');
$copy->safe_psql('twin', q{SELECT xbb.activate(); UPDATE xbb._push_item SET next_try = now() WHERE status = 'pending'});
like(($copy->psql('twin', q{CALL xbb.push('never')}))[2], qr/push never holds 1 record/, 'in a copy in the same cluster it is held, too');
$copy->backup('base');
$standby->init_from_backup($copy, 'base', has_streaming => 1);
$standby->start;
$copy->wait_for_catchup($standby, 'replay');
$copy->stop('immediate');
$standby->promote;
$standby->safe_psql('postgres', q{UPDATE xbb._push_item SET next_try = now() WHERE status = 'pending'});
my ($status, $stdout, $stderr) = $standby->psql('postgres', q{CALL xbb.push('never')});
like($stderr, qr/push never holds 1 record/, 'after a failover what is pending is held where it must not be sent twice');
is($standby->safe_psql('postgres', q{SELECT key, status FROM xbb.push_item WHERE push = 'never' AND status IN ('held', 'pending')}), '{never-pending}|held',
	'... that one');
$standby->psql('postgres', q{CALL xbb.push('key')});
%judged = target_judge($target, \%wanted, once => 1);
is_deeply($judged{$_}, [], "... nothing is $_") for qw(twice lost strange changed);
$standby->safe_psql('postgres', q{SELECT xbb.push_retry(id) FROM xbb.push_item WHERE status = 'held'});
$standby->psql('postgres', "CALL xbb.push('$_')") for qw(never key);
%judged = target_judge($target, { %wanted, 'key-pending' => 1, 'never-pending' => 1 }, once => 1);
is_deeply($judged{$_}, [], "where a person says so it is sent: nothing is $_") for qw(twice lost strange changed);

$_->stop for $original, $standby;
sim($target, 'remove');
done_testing();
