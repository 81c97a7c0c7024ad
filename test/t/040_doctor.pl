# The doctor tells where the way to the API ends: at its name, its port, its certificate; on a
# standby, too.  Neither its rows nor the server's log have the token.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Certificates;
use IPC::Run;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my $dir = PostgreSQL::Test::Utils::tempdir();
my $token = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';
my $corpid = 'dingDoctorWay';

authority($dir, 'ours');
certificate($dir, 'long', 'IP:127.0.0.1', 29, 'ours');
certificate($dir, 'short', 'IP:127.0.0.1', 5, 'ours');

my $node = PostgreSQL::Test::Cluster->new('doctor');
$node->init(allows_streaming => 1, extra => [ '--encoding', 'UTF8' ]);
$node->append_conf('postgresql.conf', "fsync = off\nxbb_fdw.log_requests = all\nshared_preload_libraries = 'xbb_fdw'");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION xbb_etl CASCADE');

# Looks at a URL; the rows by the check's name.
sub look
{
	my ($url, $options, $at) = @_;

	$node->safe_psql('postgres', "DROP SERVER IF EXISTS way CASCADE;
		CREATE SERVER way FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '$url', rate_limit '0', connect_timeout '2s' $options);
		CREATE USER MAPPING FOR PUBLIC SERVER way OPTIONS (token '$token');") if $url;
	my $rows = ($at // $node)->safe_psql('postgres', "SELECT json_agg(d) FROM xbb.doctor('way') d");
	unlike($rows, qr/$token/, 'no token');
	return { map { $_->{check_name} => $_ } @{ JSON::PP->new->decode($rows) } };
}

# Which of some checks say what.
sub says
{
	my ($name, $rows, %statuses) = @_;

	is($rows->{$_}{status}, $statuses{$_}, "$name: $_ is $statuses{$_}") or diag($rows->{$_}{found}) for sort keys %statuses;
	return;
}

sub https
{
	my ($certificate) = @_;
	my $output;
	my $port = start_simulator('--tls-cert', "$dir/$certificate.crt", '--tls-key', "$dir/$certificate.key");
	local $ENV{XBB_SIM_URL} = "https://127.0.0.1:$port";

	IPC::Run::run([ 'python3', $ENV{XBB_SIM}, 'ctl', $corpid, 'create', "token=$token", 'products=150', 'clock=now' ], '>', \$output, '2>&1')
	  or die $output;
	return "https://127.0.0.1:$port";
}

my $long = https('long');
my $rows = look($long, ", ca_file '$dir/ours.crt'");
says('a good certificate', $rows, summary => 'ok', resolve => 'ok', connect => 'ok', tls => 'ok', reuse => 'ok', answer => 'ok', clock => 'ok');
like($rows->{tls}{found}, qr/good for 2[89] days/, 'its days are told');
$rows = look(https('short'), ", ca_file '$dir/ours.crt'");
says('one that ends soon', $rows, summary => 'warn', tls => 'warn', answer => 'ok');
like($rows->{tls}{found}, qr/good for [45] days/, 'its days are told');

# nothing is asked twice where there is no way
$rows = look($long, '');
says('an authority that is not known', $rows, summary => 'fail', connect => 'ok', tls => 'fail', answer => 'fail', total => 'skipped');
is($rows->{summary}{requests}, 1, 'asked once');
like($rows->{tls}{fix}, qr/^ALTER SERVER way OPTIONS \(ADD ca_file/, 'the statement is there');
$rows = look('https://no.such.host.invalid', '');
says('a name that is not known', $rows, summary => 'fail', resolve => 'fail', connect => 'skipped', tls => 'skipped', answer => 'fail', forms => 'skipped');
is($rows->{summary}{requests}, 1, 'asked once');
$rows = look('http://127.0.0.1:' . PostgreSQL::Test::Cluster::get_free_port(), '');
says('a port that is closed', $rows, summary => 'fail', resolve => 'ok', connect => 'fail', answer => 'fail', clock => 'skipped');

# what only reads cannot keep, and tells all the same
look($long, ", ca_file '$dir/ours.crt'");
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('doctor_standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;
my $kept = $standby->safe_psql('postgres', 'SELECT max(checked_at) FROM xbb.doctor_result');
$rows = look('', '', $standby);
says('a standby', $rows, summary => 'ok', answer => 'ok', account => 'ok', memory => 'ok');
is($standby->safe_psql('postgres', 'SELECT max(checked_at) FROM xbb.doctor_result'), $kept, 'a standby keeps nothing');

unlike(slurp_file($_->logfile), qr/$token/, 'no token in the log') for $standby;
my $log = slurp_file($node->logfile);
$log =~ s/.*CREATE USER MAPPING.*//g;
unlike($log, qr/$token/, 'nor in the other one, statements aside');

done_testing();
