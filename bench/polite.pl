# What is promised of a shared budget and of hostile answers, measured; see bench/polite,
# which runs it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../test/t";
use Clock;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);
use Xbb;

my ($section, $size, $pace) = @ARGV;
my %sections = (days => \&days, shares => \&shares, memory => \&memory);

die "a section of: " . join(' ', sort keys %sections) . "\n" if defined $section && !$sections{$section};

sub create
{
	my ($session, $corpid, %options) = @_;

	%options = (corpid => $corpid, base_url => sim_url(), %options);
	$session->value('CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (' . join(', ', map { "$_ '$options{$_}'" } sort keys %options) . '); SELECT 1');
	return;
}

sub median
{
	my @sorted = sort { $a <=> $b } @_;

	return $sorted[ @sorted / 2 ];
}

# ---- a first load of days beside a sync that comes every second ----

# The day's requests are such that the load takes three, and the sync that comes every second has
# all that a minute brings.  What the API allows a second, a minute and a day is the simulator's
# to refuse.  A list of the simulator has at most four million records: more are several lists.
sub days
{
	my ($records, $rate) = ($size // 1_000_000, $pace // 16);
	my $quota = int($records / 180);
	my $corpid = "dingDays-$$";
	my $node;
	{
		local $ENV{LD_PRELOAD} = clock_library();
		$node = start_node('days', "shared_preload_libraries = 'xbb_fdw'\nmax_wal_size = '4GB'\n");
	}
	my ($loader, $minutely) = map { Xbb::Session->new($node) } 1 .. 2;
	my @lists = map { { name => "load_$_", form => 5300300 + $_, records => int($records / 4_000_001) ? int($records / (1 + int($records / 4_000_001))) : $records } } 1 .. 1 + int($records / 4_000_001);

	$lists[0]{records} += $records - $lists[0]{records} * @lists;
	sim($corpid, 'create', token => 't0ken', products => 1, width => 2, clock => 'now', limit_day => $quota, $rate ? (limit_second => 20, limit_minute => 1000) : ());
	sim($corpid, 'create', object => 'customer', form_id => $_->{form}, records => $_->{records}, width => 2) for @lists;
	sim($corpid, 'create', object => 'customer', form_id => 5300201, records => 50, width => 2);
	create($loader, $corpid, rate_limit => $rate, daily_quota => $quota, quota_reserve => '20%', max_retries => 0);
	$loader->value("CREATE USER MAPPING FOR PUBLIC SERVER crm OPTIONS (token 't0ken'); SELECT 1");
	for my $list (@lists, { name => 'minutely', form => 5300201 })
	{
		$loader->value("CREATE FOREIGN TABLE $list->{name}_source (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1')) SERVER crm OPTIONS (object 'customer', form_id '$list->{form}');"
			  . "SELECT xbb.create_sync('$list->{name}', source => '$list->{name}_source', target => '$list->{name}')");
	}
	my $loaded = join(' UNION ALL ', map { "SELECT count(*) AS n, count(DISTINCT data_id) AS ids FROM $_->{name}" } @lists);

	my ($day, $failed, $touched, $began) = (1, 0, 0, time);
	my (@seconds, @used);
	while (@lists && $day < 9)
	{
		my $due = time;
		my $name = $lists[0]{name};

		$loader->send("CALL xbb.sync('$name')");
		until ($loader->ended)
		{
			sleep($due - time) if $due > time;
			$due = time + 1;
			sim($corpid, 'touch', object => 'customer', form_id => 5300201, id => 'random') if ++$touched % 5 == 0;
			my $result = $minutely->run("CALL xbb.sync('minutely')");
			push @seconds, $result->{seconds};
			next if $result->{sqlstate} eq '00000';
			$failed++;
			diag($result->{error});
		}
		my $result = $loader->result;
		my ($status, $error) = split(/[|]/, $minutely->value("SELECT status || '|' || coalesce(error, '') FROM xbb.sync_run WHERE sync = '$name' ORDER BY id DESC LIMIT 1"));
		is($result->{sqlstate}, '00000', "day $day, $name: the run ends without an error") or diag($result->{error});
		my $used = $minutely->value("SELECT used_today FROM xbb.quota WHERE server = 'crm'");
		note(sprintf('after %.0f s: %s, %d requests of the day used, %d rows. %s', time - $began, $status, $used, $minutely->value("SELECT sum(n) FROM ($loaded) l"), $error // ''));
		last if $result->{sqlstate} ne '00000';
		shift @lists if $status eq 'succeeded';
		next if $status eq 'succeeded' && @lists;
		push @used, $used;
		last if !@lists;
		set_clock(86400 * $day++);
		sim($corpid, 'clock', advance => 86400);
	}
	my @sorted = sort { $a <=> $b } @seconds;
	is($day, 3, 'a first load takes three days');
	is($minutely->value("SELECT sum(n) || ' ' || sum(ids) FROM ($loaded) l"), "$records $records", '... and has every record once');
	ok(!(grep { $_ > $quota } @used), "... within $quota requests a day: @used");
	is($minutely->value("SELECT sum(refused) FROM xbb.stats WHERE server = 'crm'"), 0, '... of which the API refuses none');
	is($failed, 0, 'of ' . @seconds . ' runs of a sync beside it none fails');
	cmp_ok($sorted[-1], '<=', 5, sprintf('... nor takes longer than 5 s: median %.2f s, 99 of 100 within %.2f s, the longest %.2f s', median(@seconds), $sorted[ 0.99 * @sorted ], $sorted[-1]));
	note(sprintf('%d records in %.0f s', $records, time - $began));
	$_->quit for $loader, $minutely;
	$node->stop;
	sim($corpid, 'remove');
	return;
}

# ---- eight backends of three roles ----

sub shares
{
	my $minutes = $size // 3;
	my $corpid = "dingShares-$$";
	my $node = start_node('shares', "shared_preload_libraries = 'xbb_fdw'\n");
	my $admin = Xbb::Session->new($node);
	my %backends = (many => 6, one => 1, other => 1);
	my (%sessions, %times);

	sim($corpid, 'create', token => 't0ken', products => 20_000, width => 2, freeze => 'on', latency => 50);
	create($admin, $corpid, rate_limit => 20, daily_quota => 0, snapshot => 'false');
	$admin->value("CREATE FOREIGN TABLE product (data_id bigint) SERVER crm OPTIONS (object 'product'); SELECT 1");
	for my $role (sort keys %backends)
	{
		$admin->value("CREATE ROLE $role LOGIN; GRANT SELECT ON product TO $role; CREATE USER MAPPING FOR $role SERVER crm OPTIONS (token 't0ken', user_id '$role'); SELECT 1");
		$sessions{$role} = [ map { Xbb::Session->new($node, user => $role) } 1 .. $backends{$role} ];
	}
	my @all = map { @$_ } values %sessions;
	$_->send('SELECT count(data_id) FROM product') for @all;
	my $end = time + 60 * $minutes + 10;
	my $failed = 0;
	while (time < $end)
	{
		for my $session (grep { $_->ended } @all)
		{
			my $result = $session->result;

			$failed++ if $result->{sqlstate} ne '00000';
			diag($result->{error}) if $result->{error};
			$session->send('SELECT count(data_id) FROM product');
		}
		sleep 0.02;
	}
	$admin->run("SELECT pg_cancel_backend($_->{pid})") for @all;
	$_->result for @all;
	is($failed, 0, 'no statement fails');

	my @log = map { [ split ' ' ] } split /\n/, sim($corpid, 'log', fields => 'start,user');
	my $start = $log[0][0] + 5;	# who has come last is there
	@log = grep { $_->[0] >= $start && $_->[0] < $start + 60 * $minutes } @log;
	my ($first, $most) = (0, 0);
	for my $i (0 .. $#log)
	{
		$first++ while $log[$first][0] <= $log[$i][0] - 1;
		$most = $i - $first + 1 if $i - $first + 1 > $most;
		$times{ int(($log[$i][0] - $start) / 60) }{ $log[$i][1] }++;
	}
	cmp_ok($most, '<=', 21, "of 20 requests a second never more than 21 in any: $most");
	my $used = 100 * @log / (20 * 60 * $minutes);
	cmp_ok($used, '>=', 85, sprintf('... of which %.1f %% are used', $used));
	for my $minute (0 .. $minutes - 1)
	{
		my %part = map { $_ => 100 * ($times{$minute}{$_} // 0) / 1200 } keys %backends;

		ok(!(grep { $_ < 25 } values %part), "minute " . ($minute + 1) . ': of its slots ' . join(', ', map { sprintf('%.1f %% for %s (%d)', $part{$_}, $_, $backends{$_}) } sort keys %part));
	}
	$_->quit for $admin, @all;
	$node->stop;
	sim($corpid, 'remove');
	return;
}

# ---- the most memory that one answer takes ----

sub peak
{
	my ($session) = @_;
	my ($kilobytes) = slurp_file("/proc/$session->{pid}/status") =~ /^VmHWM:\s+(\d+)/m;

	return $kilobytes / 1024;
}

sub memory
{
	my $most = $size // 64;
	my $corpid = "dingMemory-$$";
	my $node = start_node('memory');
	my $admin = Xbb::Session->new($node);
	my $highest = 0;
	my $records = int(($most + 7) / 8);	# a record may have 8 MB

	sim($corpid, 'create', token => 't0ken', products => 10, width => 2, freeze => 'on');
	create($admin, $corpid, rate_limit => 0, max_retries => 0, max_response_size => "${most}MB");
	$admin->value(q{
		CREATE USER MAPPING FOR PUBLIC SERVER crm OPTIONS (token 't0ken');
		CREATE FOREIGN TABLE product (data_id bigint, name text OPTIONS (attr 'text_1'), record json OPTIONS (attr '*'), inside jsonb OPTIONS (attr 'text_1'),
			many text[] OPTIONS (attr 'text_1'), parsed jsonb OPTIONS (attr '*'), several jsonb[] OPTIONS (attr 'text_1')) SERVER crm OPTIONS (object 'product', on_error 'set_null');
		SELECT 1});
	for my $where (qw(result record msg no-list))
	{
		for my $shape (qw(string escapes members elements deep blanks))
		{
			next if $where eq 'msg' && $shape !~ /^(?:string|escapes)$/;
			for my $columns ($where eq 'record' ? qw(data_id name record inside many parsed several) : 'name')
			{
				for my $gzip ('on', 'off')
				{
					my $session = Xbb::Session->new($node);

					sim($corpid, 'clear', what => 'all');
					sim($corpid, 'set', gzip => $gzip);
					$session->run("SELECT count($columns) FROM product");
					sim($corpid, 'fault', what => 'bulk', mb => $most * 1.048 - 0.1, in => $where, shape => $shape, n => $shape eq 'members' && $columns =~ /^(?:inside|parsed)$/ ? 2 * $records : $records, at => 'every');
					my $before = peak($session);
					my $result = $session->run("SELECT count($columns) FROM product");
					my $times = (peak($session) - $before) / $most;
					my ($message) = $result->{error} =~ /ERROR:  (.{1,60})/;

					ok($times <= 4, sprintf('%.2f times for %s in %s%s, column %s: %s', $times, $shape, $where, $gzip eq 'on' ? ', gzip' : '', $columns, $message // "@{$result->{rows}} values"));
					$highest = $times if $times > $highest;
					$session->quit;
				}
			}
		}
	}
	sim($corpid, 'clear', what => 'all');
	note(sprintf('at most %.2f times max_response_size', $highest));
	$admin->quit;
	$node->stop;
	sim($corpid, 'remove');
	return;
}

$sections{$_}->() for defined $section ? $section : qw(memory shares days);
done_testing();
