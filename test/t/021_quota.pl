# The day's requests: known again after a restart, and a first load that goes over days beside
# syncs that never fail.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my $node = start_node('quota');
my $session = Xbb::Session->new($node);

sub create
{
	my ($name, $corpid, %options) = @_;

	%options = (corpid => $corpid, base_url => sim_url(), rate_limit => 0, settle_time => 0, max_retries => 0, %options);
	$session->value("CREATE SERVER $name FOREIGN DATA WRAPPER xbb_fdw OPTIONS (" . join(', ', map { "$_ '$options{$_}'" } sort keys %options) . ');'
		  . "CREATE USER MAPPING FOR PUBLIC SERVER $name OPTIONS (token 't0ken');"
		  . "CREATE FOREIGN TABLE ${name}_source (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1')) SERVER $name OPTIONS (object 'product');"
		  . "GRANT SELECT ON ${name}_source TO PUBLIC; GRANT USAGE ON FOREIGN SERVER $name TO PUBLIC; SELECT 1");
	return;
}

sub used { return $session->value("SELECT used_today FROM xbb.quota WHERE server = '$_[0]'"); }

# a restart
my $corpid = "dingQuota-a-$$";
sim($corpid, 'create', token => 't0ken', products => 250, width => 2, freeze => 'on');
create('kept', $corpid, time_zone => 'UTC');
create('twin', $corpid, time_zone => 'UTC');
create('other', "$corpid-b", time_zone => 'UTC');
sim("$corpid-b", 'create', token => 't0ken', products => 1, width => 2, freeze => 'on');
$session->run('CREATE ROLE loader LOGIN; GRANT CREATE ON SCHEMA public TO loader');
$session->value("SELECT xbb.create_sync('kept', source => 'kept_source', target => 'kept')");
my $loader = Xbb::Session->new($node, user => 'loader');
$loader->value("SELECT xbb.create_sync('twin', source => 'twin_source', target => 'twin')");
is($session->run("CALL xbb.sync('kept')")->{sqlstate}, '00000', 'a sync');
is($loader->run("CALL xbb.sync('twin')")->{sqlstate}, '00000', 'another role\'s, of another server of the account');
$session->value("SELECT xbb.create_sync('other', source => 'other_source', target => 'other')");
$session->run("CALL xbb.sync('other')");
my $before = used('kept');
cmp_ok($before, '>=', 8, 'they have used requests of the day');
$node->restart;
$session = Xbb::Session->new($node);
is(used('kept'), 0, 'which are forgotten when PostgreSQL restarts');
is($session->run("CALL xbb.sync('kept')")->{sqlstate}, '00000', 'the first run');
is(used('kept'), $before + 1, '... counts them, and its own');
$session->run('SELECT count(*) FROM kept_source') for 1 .. 3;
is($session->run("CALL xbb.sync('kept')")->{sqlstate}, '00000', 'the next one');
is(used('kept'), $before + 5, '... counts its own only');
is(used('other'), 0, 'another account has a day of its own');
isnt($session->run("SELECT xbb._sync_recall((SELECT oid FROM pg_foreign_server WHERE srvname = 'other'), id) FROM xbb.sync_definition WHERE name = 'other'")->{sqlstate}, '00000', 'who runs nothing raises nothing');

done_testing();
