# Over TLS nothing is sent but to a server that proves to be the one meant: a
# certificate of the authority asked for, for this host, in its time, over a
# protocol that is not broken.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Certificates;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my $dir = PostgreSQL::Test::Utils::tempdir();
my $output;

authority($dir, 'ours');
authority($dir, 'theirs');
certificate($dir, 'good', 'IP:127.0.0.1', 30, 'ours');
certificate($dir, 'expired', 'IP:127.0.0.1', 0, 'ours');
certificate($dir, 'wrong_name', 'DNS:other.test', 30, 'ours');
certificate($dir, 'self_signed', 'IP:127.0.0.1', 30, undef);
append_to_file("$dir/nonsense.crt", "nothing\n");

my $node = start_node('tls');
my $session = Xbb::Session->new($node);
my $corpid = 'dingTls';

# A simulator for each certificate and version; speaks to one.
my %ports;

sub control
{
	my ($certificate, $version, @words) = @_;

	$ports{"$certificate $version"} //= start_simulator('--tls-cert', "$dir/$certificate.crt", '--tls-key', "$dir/$certificate.key",
		$version ? ('--tls-version', $version) : ());
	local $ENV{XBB_SIM_URL} = 'https://127.0.0.1:' . $ports{"$certificate $version"};
	IPC::Run::run([ 'python3', $ENV{XBB_SIM}, 'ctl', $corpid, @words ], '>', \$output, '2>&1');
	return $output;
}

# Reads over TLS.
sub over
{
	my (%options) = @_;
	my $certificate = $options{certificate} // 'good';
	my $version = $options{version} // '';
	my $ca_file = exists $options{ca_file} ? $options{ca_file} : "$dir/ours.crt";

	control($certificate, $version, 'create', 'token=t0ken', 'products=120') unless $ports{"$certificate $version"};
	my $port = $ports{"$certificate $version"};
	$session->value("DROP SERVER IF EXISTS tls CASCADE;
		CREATE SERVER tls FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid',
			base_url 'https://127.0.0.1:$port',
			rate_limit '0', max_retries '@{[$version ? 0 : 5]}', settle_time '0', connect_timeout '20s'"
		  . ($ca_file ? ", ca_file '$ca_file'" : '') . ");
		CREATE USER MAPPING FOR PUBLIC SERVER tls OPTIONS (token 't0ken');
		CREATE FOREIGN TABLE product (data_id bigint) SERVER tls OPTIONS (object 'product');
		SELECT 1");
	return $session->run("SELECT pg_backend_pid() || ' ' || count(*) FROM (SELECT data_id FROM product OFFSET 0) p");
}

sub accepted
{
	my ($name, %options) = @_;
	my $result = over(%options);

	is("@{ $result->{rows} }", "$session->{pid} 120", "$name: accepted") or diag($result->{error});
	return;
}

sub refused
{
	my ($name, $message, %options) = @_;
	my $result = over(%options);

	is($result->{sqlstate}, '08001', "$name: refused") or diag("@{ $result->{rows} }$result->{error}");
	like($result->{error}, $message, '... for this reason');
	is($session->value("SELECT used_today FROM xbb.quota WHERE server = 'tls'"), 0, '... and not counted')
	  if $options{certificate};
	return;
}

my $untrusted = qr/certificate was not accepted: .*/;

accepted('a good certificate');
control('good', '', 'clear');
accepted('TLS 1.2', version => '1.2');
accepted('TLS 1.3', version => '1.3');
refused('an expired certificate', qr/$untrusted(?:expired)/, certificate => 'expired');
refused('another host\'s certificate', qr/$untrusted(?:127\.0\.0\.1|name)/, certificate => 'wrong_name');
refused('a certificate that signed itself', qr/$untrusted(?:self.signed|certificate)/, certificate => 'self_signed');
refused('a certificate of another authority', $untrusted, ca_file => "$dir/theirs.crt");
refused('a certificate of none of the system\'s authorities', $untrusted, ca_file => undef);
refused('no such file of authorities', $untrusted, ca_file => "$dir/missing.crt");
refused('a file without authorities', $untrusted, ca_file => "$dir/nonsense.crt");
for my $version ('1.0', '1.1')
{
	my $protocol = $version eq '1.0' ? 'tls1' : 'tls1_1';

	refused("TLS $version", qr/could not connect/, version => $version);
	# which is no fault of the server's: somebody careless can speak to it
	IPC::Run::run([ 'openssl', 's_client', "-$protocol", '-cipher', 'ALL:@SECLEVEL=0', '-connect', '127.0.0.1:' . $ports{"good $version"} ],
		'<', \'', '>', \$output, '2>&1');
	SKIP:
	{
		skip "this openssl does not speak TLS $version", 1 if $output =~ /unknown option|no protocols available|unsupported protocol/i;
		like($output, qr/Protocol *: TLSv\Q@{[$version eq '1.0' ? 1 : $version]}\E$/m, '... though others can speak to it');
	}
}

# what was refused has heard nothing
is(control($_, '', 'count'), "0\n", "nothing was sent to: $_") for qw(good expired wrong_name self_signed);

# no TLS at all
my ($plain) = sim_url() =~ /:(\d+)$/;
$session->run("ALTER SERVER tls OPTIONS (SET base_url 'https://127.0.0.1:$plain', SET connect_timeout '1s', SET max_retries '0')");
my $result = $session->run('SELECT data_id FROM product');
is($result->{sqlstate}, '08001', 'a server without TLS: refused');

accepted('after all that, a good certificate');

$session->quit;
done_testing();
