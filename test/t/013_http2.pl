# Connections are few and kept: where the API offers HTTP/2, all requests of a scan
# share one; without it there are no more than requests in flight; the next
# statement finds them open; and a new one resumes the TLS session of an earlier one.
#
# nghttpx stands before the simulator, and its log tells.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Certificates;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my $dir = PostgreSQL::Test::Utils::tempdir();
my $corpid = "dingHttp2-$$";
my ($backend) = sim_url() =~ m{^http://[^:]+:(\d+)};

# Starts a proxy with TLS; returns its port and log.  It keeps idle connections for longer
# than the test lasts, or as the options say.
sub start_proxy
{
	my ($name, @options) = @_;
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my $pid = fork() // die "fork: $!";

	if ($pid == 0)
	{
		$ENV{PATH} .= ':/usr/sbin';
		open(STDERR, '>', "$dir/$name.err");
		exec('nghttpx', '--conf=/dev/null', "--frontend=127.0.0.1,$port", "--backend=127.0.0.1,$backend", '--no-ocsp',
			'--workers=1', '--frontend-http2-read-timeout=1h', '--frontend-read-timeout=1h',
			'--frontend-keep-alive-timeout=1h', "--accesslog-file=$dir/$name.log", '--accesslog-format=$remote_port $alpn $tls_session_reused $status',
			@options, "$dir/good.key", "$dir/good.crt")
		  or POSIX::_exit(1);
	}
	end_with_test($pid);
	wait_until(sub { IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") }) or die 'nghttpx did not start';
	return ($port, "$dir/$name.log");
}

# Waits until a proxy has closed all its connections.
sub wait_closed
{
	my ($port) = @_;
	my $open = sprintf(' 0100007F:%04X [0-9A-F]{8}:[0-9A-F]{4} 01 ', $port);

	wait_until(sub { slurp_file('/proc/net/tcp') !~ $open }) or die 'nghttpx keeps its connections';
	return;
}

my %read;

# What the log has got since it was last asked, a line for each request of the simulator's:
# [port, protocol, r if resumed].
sub news
{
	my ($log) = @_;
	my $requests = sim($corpid, 'count');
	my @lines;

	wait_until(sub { @lines = -e $log ? split(/\n/, slurp_file($log)) : (); @lines >= ($read{$log} // 0) + $requests })
	  or die 'nghttpx has not logged all requests';
	my @new = @lines[ ($read{$log} // 0) .. $#lines ];

	$read{$log} = @lines;
	sim($corpid, 'clear');
	is(scalar(grep { !/ 200$/ } @new), 0, '... without a failure');
	return map { [split] } @new;
}

# How many different values a column of the news has.
sub distinct
{
	my ($column, @news) = @_;

	return scalar(keys %{ { map { $_->[$column] => 1 } @news } });
}

authority($dir, 'ours');
certificate($dir, 'good', 'IP:127.0.0.1', 30, 'ours');

my $node = start_node('http2');
my $session = Xbb::Session->new($node);
my ($port, $log) = start_proxy('two');
my ($old_port, $old_log) = start_proxy('one', '--npn-list=http/1.1');
my ($brief_port, $brief_log) = start_proxy('brief_two', '--frontend-http2-read-timeout=1s');
my ($old_brief_port, $old_brief_log) =
  start_proxy('brief_one', '--npn-list=http/1.1', '--frontend-read-timeout=1s', '--frontend-keep-alive-timeout=1s');

sim($corpid, 'create', token => 't0ken', products => 4000, width => 3);
# the second request waits until eight are there
sim($corpid, 'hold', at => 2, until => 8);
$session->run("CREATE SERVER http2 FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url 'https://127.0.0.1:$port',
		rate_limit '0', concurrency '8', ca_file '$dir/ours.crt');
	CREATE USER MAPPING FOR PUBLIC SERVER http2 OPTIONS (token 't0ken');
	CREATE FOREIGN TABLE product (data_id bigint) SERVER http2 OPTIONS (object 'product');");

sub connect_to
{
	my ($place) = @_;

	$session->run("ALTER SERVER http2 OPTIONS (SET base_url 'https://127.0.0.1:$place')");
	return;
}

sub scan
{
	my ($name) = @_;

	is($session->value('SELECT count(*) FROM (SELECT data_id FROM product OFFSET 0) p'), '4000', $name);
	return;
}

scan('HTTP/2 is spoken where it is offered');
my $stats = sim($corpid, 'stats');
my @news = news($log);
cmp_ok(scalar(@news), '>=', 40, '... a request a page');
is(scalar(grep { $_->[1] ne 'h2' } @news), 0, '... all of them by HTTP/2');
is(distinct(0, @news), 1, '... over one connection');
like($stats, qr/peak=8\b/, '... eight at a time');
my $connection = $news[0][0];
my %kept;

scan('a second statement');
@news = news($log);
is(distinct(0, @news), 1, '... has one connection');
is($news[0][0], $connection, '... that of the first');

connect_to($brief_port);
scan('over a connection that is closed when it is idle');
%kept = map { $_->[0] => 1 } news($brief_log);
wait_closed($brief_port);
scan('after it was closed');
@news = news($brief_log);
is(scalar(grep { $kept{ $_->[0] } } @news), 0, '... there is a new one');
is(scalar(grep { $_->[2] ne 'r' } @news), 0, '... which resumed the TLS session');

connect_to($old_port);
scan('without HTTP/2');
@news = news($old_log);
is(scalar(grep { $_->[1] ne 'http/1.1' } @news), 0, '... all requests by HTTP/1.1');
cmp_ok(distinct(0, @news), '<=', 8, '... over no more connections than requests in flight');
%kept = map { $_->[0] => 1 } @news;

scan('a second statement');
is(scalar(grep { !$kept{ $_->[0] } } news($old_log)), 0, '... makes no new connection');

connect_to($old_brief_port);
scan('over connections that are closed when they are idle');
%kept = map { $_->[0] => 1 } news($old_brief_log);
wait_closed($old_brief_port);
scan('after all were closed');
@news = news($old_brief_log);
is(scalar(grep { $kept{ $_->[0] } } @news), 0, '... there are new ones');
# a session may serve for one connection only
cmp_ok(scalar(grep { $_->[2] eq 'r' } @news), '>', 0, '... which resumed TLS sessions');

$session->quit;
$node->stop;
sim($corpid, 'remove');
done_testing();
