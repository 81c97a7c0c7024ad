# From the extension to an alert, by the programs of the distribution: the monitoring role's views, postgres_exporter
# with the query file of monitoring/, Prometheus with its rules.  And what is known to go wrong on the way.
# The programs are in PATH, or in WORK/monitoring, where ./check unpacks their packages.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use HTTP::Tiny;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Target;
use Test::More;
use Xbb;

my $monitoring = "$FindBin::RealBin/../../monitoring";

# The path of a program by one of its names; undef if it is not there.
sub program
{
	my @names = @_;
	my @dirs = (split(/:/, $ENV{PATH}), defined $ENV{WORK} ? "$ENV{WORK}/monitoring/usr/bin" : ());

	for my $dir (@dirs)
	{
		-x "$dir/$_" and return "$dir/$_" for @names;
	}
	return;
}

my ($promtool, $prometheus, $exporter) = (program('promtool'), program('prometheus'), program('prometheus-postgres-exporter', 'postgres_exporter'));

if (!$promtool || !$prometheus || !$exporter)
{
	diag('NOT TESTED: metrics, rules and what is between them; install prometheus and prometheus-postgres-exporter');
	plan skip_all => 'prometheus and prometheus-postgres-exporter are not installed';
}

# Starts a program, which ends with the test.
sub start
{
	my ($name, $env, @command) = @_;
	my $log = "$PostgreSQL::Test::Utils::log_path/$name.log";
	my $pid = fork() // die "fork: $!";

	if ($pid == 0)
	{
		%ENV = (%ENV, %$env);
		open(STDOUT, '>>', $log) && open(STDERR, '>&', \*STDOUT) && exec(@command);
		POSIX::_exit(1);
	}
	end_with_test($pid);
	return $log;
}

sub get
{
	my ($url) = @_;
	my $answer = HTTP::Tiny->new(timeout => 60)->get($url);

	note("$url: " . substr($answer->{content}, 0, 500)) if $answer->{status} == 500;
	return $answer->{success} ? $answer->{content} : '';
}

my $node = start_node('metrics');

# Starts an exporter of databases; returns how to scrape it, and its log.
sub export
{
	my ($databases, @options) = @_;
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my $names = join(',', map { "host=@{[$node->host]} port=@{[$node->port]} user=exporter dbname=$_ sslmode=disable" } @$databases);
	my $log = start("exporter-$port", { DATA_SOURCE_NAME => $names }, $exporter, "--web.listen-address=127.0.0.1:$port",
		"--extend.query-path=$monitoring/postgres_exporter.yaml", @options);

	wait_until(sub { get("http://127.0.0.1:$port/metrics") =~ /^pg_exporter_last_scrape_error/m }, 60) or die 'no exporter: ' . slurp_file($log);
	return ($port, sub { return get("http://127.0.0.1:$port/metrics"); });
}

# The value of a metric, of the first series whose labels match.
sub metric
{
	my ($text, $name, $labels) = @_;

	return $text =~ /^$name\{[^\n]*?$labels[^\n]*\} (\S+)$/m ? $1 + 0 : $text =~ /^$name (\S+)$/m ? $1 + 0 : undef;
}

# The rules, and their own tests.
for my $words ([ 'check', 'rules', 'prometheus.rules.yaml' ], [ 'test', 'rules', 'prometheus.rules.test.yaml' ])
{
	my ($out, $err);
	my @command = ($promtool, @$words[ 0, 1 ], "$monitoring/$words->[2]");

	IPC::Run::run(\@command, '>', \$out, '2>', \$err);
	is($?, 0, "promtool @$words") or diag("$out$err");
}

# Two syncs, one of which never runs, and a push.
sim('dingMetrics', 'create', token => 't0ken', products => 30);
target_create('metricsTarget');
$node->safe_psql('postgres', <<"END");
CREATE ROLE exporter LOGIN;
GRANT pg_monitor TO exporter;
CREATE ROLE etl LOGIN;
GRANT CREATE ON SCHEMA public TO etl;
CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'dingMetrics', base_url '@{[sim_url()]}', rate_limit '0', daily_quota '1000');
GRANT USAGE ON FOREIGN SERVER crm TO etl;
CREATE USER MAPPING FOR etl SERVER crm OPTIONS (token 't0ken');
@{[target_sql('erp', 'metricsTarget', 'id text, name text')]}
GRANT ALL ON erp TO etl;
GRANT USAGE ON FOREIGN SERVER erp TO etl;
END
$node->safe_psql('postgres', <<'END', extra_params => [ '-U', 'etl' ]);
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1')) SERVER crm OPTIONS (object 'product');
SELECT xbb.create_sync('product', 'source', 'product', max_age => '10 years');
SELECT xbb.create_sync('never "run"', 'source', 'other');
CALL xbb.sync('product');
SELECT xbb.create_push('goods', source => 'SELECT data_id::text AS id, name FROM product', target => 'erp', key => '{id}');
CALL xbb.push('goods');
END

my ($port, $scrape) = export(['postgres']);
my $text = $scrape->();
my %expected = (
	'xbb_sync_last_rows sync="product"' => 30, 'xbb_sync_enabled sync="product"' => 1, 'xbb_sync_max_age_seconds sync="product"' => 315576000,
	'xbb_sync_failing sync="product"' => 0, 'xbb_sync_stale sync="product"' => 0,
	'xbb_sync_last_success_timestamp_seconds sync="never \\\\"run\\\\""' => 0,
	'xbb_sync_complete_until_timestamp_seconds sync="never \\\\"run\\\\""' => 0,
	'xbb_push_active push="goods"' => 1, 'xbb_push_pending push="goods"' => 0, 'xbb_push_rejected push="goods"' => 0,
	'xbb_push_oldest_pending_timestamp_seconds push="goods"' => 0,
	'xbb_account_quota_requests foreign_server="crm"' => 1000,
	'xbb_api_rows_total endpoint="/pro/v2/api/product/list",foreign_server="crm"' =>
	  $node->safe_psql('postgres', q{SELECT rows FROM xbb.stats WHERE endpoint = '/pro/v2/api/product/list'}),
	'pg_exporter_last_scrape_error ' => 0);
for my $name (sort keys %expected)
{
	my ($metric, $labels) = split(/ /, $name, 2);

	is(metric($text, $metric, $labels), $expected{$name}, "a member of pg_monitor scrapes $name");
}
my $now = time;
ok(abs(metric($text, $_, 'sync="product"') - $now) < 600, "$_ is about now") for qw(xbb_sync_last_success_timestamp_seconds xbb_sync_last_started_timestamp_seconds);
is(scalar(grep { /^xbb_.* NaN$/ } split(/\n/, $text)), 0, 'nothing is NaN');
{
	my ($out, $err);
	my $ours = join('', map { "$_\n" } grep { /^(?:# (?:HELP|TYPE) )?xbb_/ } split(/\n/, $text));
	my @command = ($promtool, 'check', 'metrics');

	IPC::Run::run(\@command, '<', \$ours, '>', \$out, '2>', \$err);
	is("$? $out$err", '0 ', 'promtool has nothing to say about the names');
}

# Prometheus: what is scraped, what fires.
my $web = PostgreSQL::Test::Cluster::get_free_port();
my $dir = PostgreSQL::Test::Utils::tempdir();
append_to_file("$dir/prometheus.yml", <<"END");
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: ['$monitoring/prometheus.rules.yaml']
scrape_configs: [{job_name: postgres, static_configs: [{targets: ['127.0.0.1:$port']}]}]
END
my $log = start('prometheus', {}, $prometheus, "--config.file=$dir/prometheus.yml", "--storage.tsdb.path=$dir/data", "--web.listen-address=127.0.0.1:$web");

sub ask
{
	my ($path) = @_;
	my $answer = get("http://127.0.0.1:$web/api/v1/$path") || return {};

	return JSON::PP->new->decode($answer)->{data};
}

# Waits until an alert is in the state; '': there is none.
sub alert_is
{
	my ($name, $state) = @_;

	return wait_until(sub {
		my $found = ask('alerts')->{alerts} // return 0;
		my ($alert) = grep { $_->{labels}{alertname} eq $name } @$found;

		return ($alert ? $alert->{state} : '') eq $state;
	}, 60);
}

ok(wait_until(sub { my $r = ask('query?query=xbb_sync_last_rows')->{result}; return $r && @$r == 2 }, 60), 'Prometheus has the series')
  or diag(slurp_file($log));
ok(alert_is('XbbSyncFailing', ''), 'no alert while all is well');
sim('dingMetrics', 'fault', what => 'status', code => 403, at => 'every');
$node->psql('postgres', "CALL xbb.sync('product')", extra_params => [ '-U', 'etl' ]) for 1 .. 3;
ok(alert_is('XbbSyncFailing', 'firing'), 'a sync that failed three times fires');
sim('dingMetrics', 'clear', what => 'faults');
$node->safe_psql('postgres', "CALL xbb.sync('product')", extra_params => [ '-U', 'etl' ]);
ok(alert_is('XbbSyncFailing', ''), '... and recovers');
ok(alert_is('XbbSyncNotRun', 'pending'), 'one that never ran waits for its hour');

# A query that fails takes its metrics away, and nothing else.
$node->safe_psql('postgres', 'REVOKE SELECT ON xbb.metrics_sync FROM PUBLIC');
$text = $scrape->();
is(metric($text, 'xbb_sync_enabled', 'sync'), undef, 'a query fails: its metrics are gone');
is(metric($text, 'pg_exporter_last_scrape_error', ''), 1, '... which one metric tells');
ok(defined metric($text, 'xbb_push_enabled', 'push'), '... the others are there');
ok(alert_is('XbbScrapeError', 'pending'), '... and so does a rule');
$node->safe_psql('postgres', 'GRANT SELECT ON xbb.metrics_sync TO PUBLIC');
is(metric($scrape->(), 'pg_exporter_last_scrape_error', ''), 0, 'all is well again');

# Two databases behind one exporter are told apart; discovery asks those without the extension, too.
$node->safe_psql('postgres', 'CREATE DATABASE second');
$node->safe_psql('second', q{CREATE EXTENSION xbb_etl CASCADE; CREATE TABLE t (data_id bigint PRIMARY KEY, update_time timestamptz);
	SELECT xbb.create_sync('product', 't', 'copy')});
(undef, $scrape) = export(['postgres'], '--auto-discover-databases', '--include-databases=postgres,second');
$text = $scrape->();
is(metric($text, 'pg_exporter_last_scrape_error', ''), 0, 'two databases behind one exporter');
cmp_ok(metric($text, 'xbb_sync_last_success_timestamp_seconds', qr/datname="postgres"[^\n]*sync="product"/), '>', 0, '... of one the sync has run');
is(metric($text, 'xbb_sync_last_success_timestamp_seconds', qr/datname="second"[^\n]*sync="product"/), 0, '... of the other it has not');
$node->safe_psql('postgres', 'CREATE DATABASE without');
(undef, $scrape) = export(['postgres'], '--auto-discover-databases');
is(metric($scrape->(), 'pg_exporter_last_scrape_error', ''), 1, '--auto-discover-databases: a database without the extension is an error');

done_testing();
