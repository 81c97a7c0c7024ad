# The report of made-up databases, from an empty one to one where nothing works or all names are hostile, holds
# together: test/report_look says how.  With XBB_LONG, Chromium and XBB_AXE (CONTRIBUTING.md) it is looked at, with 200
# syncs, by axe-core, too; without them, this says loudly that nobody looked.  A standby makes a page, too.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my $node = start_node('report', "max_wal_senders = 5\nwal_level = replica");
my $folder = PostgreSQL::Test::Utils::tempdir();

local $ENV{PGHOST} = $node->host;
local $ENV{PGPORT} = $node->port;
local $ENV{PGUSER} = getpwuid($<);
my $browses = $ENV{XBB_LONG} && -e ($ENV{XBB_AXE} // '') && system('which chromium >/dev/null 2>&1') == 0;
diag('XBB_LONG, Chromium or XBB_AXE is missing: NOBODY LOOKED AT THE PAGES IN A BROWSER') unless $browses;
my $said = `python3 $FindBin::RealBin/../report_look @{[ $browses ? '--browser' : '' ]} '$folder' 2>&1`;
my $ended = $?;
for my $line (split /\n/, $said)
{
	if ($line =~ /^(not )?ok \d+ - (.*)/) { ok(!$1, $2) }
	elsif ($line !~ /^1\.\./) { diag($line) }
}
is($ended, 0, 'the look has ended well');
cmp_ok(scalar(() = $said =~ /^ok /mg), '>=', 40, 'and has seen something');

# a database with a task; of a standby nobody knows what runs on its primary
$node->safe_psql('postgres', q{
	CREATE TABLE source AS SELECT 1::bigint AS data_id, now() AS update_time;
	SELECT xbb.create_sync('plain', 'source', 'target');
	CALL xbb.sync('plain');});
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;
my $page = $standby->safe_psql('postgres', 'SELECT xbb.report()');
like($page, qr{^<!DOCTYPE html>.*</html>$}s, 'a standby makes a page');
like($page, qr{>1 read, 1 written<}, 'with what the log says');

done_testing();
