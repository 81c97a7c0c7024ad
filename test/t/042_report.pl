# The report of made-up databases, from an empty one to one where nothing works or all names are hostile, holds
# together: test/report_look says how.  With XBB_LONG it is looked at in Chromium, with 200 syncs, by axe-core, too;
# without that, this says loudly that nobody looked.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my $node = start_node('report');
my $folder = PostgreSQL::Test::Utils::tempdir();

local $ENV{PGHOST} = $node->host;
local $ENV{PGPORT} = $node->port;
local $ENV{PGUSER} = getpwuid($<);
diag('XBB_LONG is not set: no page is looked at in Chromium') unless $ENV{XBB_LONG};
my $said = `python3 $FindBin::RealBin/../report_look @{[ long_run('', '--browser') ]} '$folder' 2>&1`;
my $ended = $?;
for my $line (split /\n/, $said)
{
	if ($line =~ /^(not )?ok \d+ - (.*)/) { ok(!$1, $2) }
	elsif ($line !~ /^1\.\./) { diag($line) }
}
is($ended, 0, 'the look has ended well');
cmp_ok(scalar(() = $said =~ /^ok /mg), '>=', 40, 'and has seen something');

done_testing();
