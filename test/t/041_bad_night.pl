# A bad night: an API that is down, a wrong token, a used-up quota, a sync that nobody scheduled, a killed run, a target that
# throttles, 500 rejects.  Each is told once, within two evaluations, and that it is over, and nothing else is; no
# message has a value of a record.  Then days on which nothing happens, and nothing is told.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Clock;
use Encode qw(decode encode);
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Target;
use Xbb;

my $node;
{
	local $ENV{LD_PRELOAD} = clock_library();
	$node = start_node('bad_night', "autovacuum = off\n");
}
my @servers = qw(down token quota fine);
my %corpid = map { $_ => "dingNight-$_-$$" } @servers;
my ($erp, $group) = ("nightErp-$$", "nightGroup-$$");
my @phones = map { 13_800_138_000 + 7 * $_ } 0 .. 199;
my $ahead = 0;
my @notified;

my $admin = Xbb::Session->new($node);
$admin->run('CREATE ROLE etl LOGIN; CREATE ROLE ops LOGIN; GRANT pg_monitor TO ops; CREATE SCHEMA etl AUTHORIZATION etl; ALTER ROLE etl SET search_path = etl');
for my $name (@servers)
{
	sim($corpid{$name}, 'create', token => 't0ken', products => $name eq 'fine' ? 1200 : 30, width => 3, clock => 'now');
	$admin->run("CREATE SERVER $name FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid{$name}', base_url '@{[sim_url()]}', rate_limit '0', "
		  . "settle_time '0', max_retries '0', daily_quota '100000'); GRANT USAGE ON FOREIGN SERVER $name TO etl; CREATE USER MAPPING FOR etl SERVER $name OPTIONS (token 't0ken')");
}
target_create($erp);
$admin->run(target_sql('erp', $erp, 'id text, phone text', server => { max_retries => 0 }) . 'ALTER FOREIGN TABLE erp OWNER TO etl; ALTER FOREIGN TABLE erp SET SCHEMA etl; GRANT USAGE ON FOREIGN SERVER erp TO etl;');
sim($group, 'create-target', token => 'wx');
$admin->run("CREATE SERVER robots FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url '@{[target_url($group)]}', preset 'wecom_robot', rate_limit '0', max_retries '0');"
	  . "GRANT USAGE ON FOREIGN SERVER robots TO etl; CREATE USER MAPPING FOR etl SERVER robots OPTIONS (url '@{[target_url($group)]}/cgi-bin/webhook/send?key=wx')");
my $etl = Xbb::Session->new($node, user => 'etl');
my $ops = Xbb::Session->new($node, user => 'ops');

sub must
{
	my ($session, $sql) = @_;
	my $result = $session->run($sql);

	die "$sql: $result->{error}" if $result->{sqlstate} ne '00000';
	return;
}

must($etl, "CREATE FOREIGN TABLE ${_}_product (data_id bigint, update_time timestamptz, phone text OPTIONS (attr 'text_1'), number numeric OPTIONS (attr 'num_1'))"
	  . " SERVER $_ OPTIONS (object 'product')") for @servers;
must($etl, q{
	SELECT xbb.create_sync('contract', source => 'down_product', columns => '{"number": "number"}', max_age => '1 h');
	SELECT xbb.create_sync('payment', source => 'down_product', columns => '{"number": "number"}', max_age => '1 h');
	SELECT xbb.create_sync('customer', source => 'token_product', columns => '{"number": "number"}', max_age => '1 h');
	SELECT xbb.create_sync('stock', source => 'quota_product', columns => '{"number": "number"}', max_age => '1 h');
	SELECT xbb.create_sync('killed', source => 'fine_product', columns => '{"number": "number"}', max_age => '1 day');
	SELECT xbb.create_sync('people', source => 'fine_product', columns => '{"phone": "CASE WHEN phone LIKE ''1%'' THEN phone::integer END"}', reject_limit => 600, max_age => '1 h');
	SELECT xbb.create_sync('healthy', source => 'fine_product', columns => '{"number": "number"}', max_age => '1 h');
	CREATE TABLE caller (id text PRIMARY KEY, phone text);
	SELECT xbb.create_push('callers', source => 'caller', target => 'erp', key => '{phone}', max_age => '1 h');
	CREATE FOREIGN TABLE group_message (text text) SERVER robots;
	SELECT xbb.create_alert_channel('group', target => 'group_message', lang => 'zh');
	SELECT xbb.create_alert_channel('bell', 'notify')});
must($ops, q{SELECT xbb.create_alert_channel('log', 'log')});
must($ops, 'LISTEN xbb_alert; LISTEN xbb_sync; LISTEN xbb_push');

my %runs = map { $_ => "CALL xbb.sync('$_')" } qw(contract payment customer stock people healthy);
$runs{callers} = q{CALL xbb.push('callers')};

# So many minutes later all run that are scheduled, and alerts are looked at.
sub step
{
	my ($minutes) = @_;

	$ahead += 60 * $minutes;
	set_clock($ahead);
	sim($_, 'clock', advance => 60 * $minutes) for values %corpid;
	$etl->run($runs{$_}, 60) for sort keys %runs;
	my $queued = $etl->value('SELECT xbb.check_alerts()');
	$etl->run('CALL xbb.send_alerts()');
	push @notified, @{ $ops->run('CALL xbb.send_alerts()')->{rows} };
	return $queued;
}

# What messages after one tell: subject and rule, and whether they are over, by how often.
my %rules = map { decode('UTF-8', $_) } ('接口不可用', 'unreachable', '令牌被拒', 'token_refused', '请求配额告急', 'quota', '未按时运行', 'did_not_run',
	'失败', 'failing', '有记录未入库', 'rejects');
my ($over, $behind, $colon, $kinds) = map { decode('UTF-8', $_) } '已恢复（', '）', '：', '同步|推送|服务器账号|服务器';

sub told
{
	my ($after) = @_;
	my %told;

	for my $line ($etl->value("SELECT coalesce(json_agg(json_build_array(id, body) ORDER BY id), '[]') FROM xbb.alert_message WHERE channel = 'group' AND kind <> 'digest' AND id > $after"))
	{
		for my $message (@{ decode_json($line) })
		{
			while ($message->[1] =~ /(?:^|\] )($over)?(\S+?)$behind?$colon(?:$kinds) (\S+)/mg)
			{
				$told{"$3 " . ($rules{$2} // encode('UTF-8', $2)) . ($1 ? ' over' : '')}++;
			}
		}
	}
	return \%told;
}

sub last_message { return $admin->value('SELECT coalesce(max(id), 0) FROM xbb._alert_message'); }

# everything is well
must($etl, q{CALL xbb.sync('killed')});
step(15) for 1 .. 3;
is($admin->value('SELECT count(*) FROM xbb._alert_message'), 0, 'an evening on which all is well');

# the night: it begins between two runs
must($etl, q{SELECT xbb.create_sync('forgotten', source => 'fine_product', columns => '{"number": "number"}', max_age => '20 min')});
must($admin, q{ALTER SERVER down OPTIONS (SET base_url 'http://127.0.0.1:1'); ALTER USER MAPPING FOR etl SERVER token OPTIONS (SET token 'wr0ng'); ALTER SERVER quota OPTIONS (SET daily_quota '1')});
sim($corpid{fine}, 'touch', id => 51200001 + $_, qq({"text_1": "$phones[$_ % 200]"})) for 0 .. 199;
sim($corpid{fine}, 'touch', id => join(',', 51200201 .. 51200500), '{"text_1": "19912345678"}');
must($etl, "INSERT INTO caller SELECT n::text, (138001 * 100000::bigint + 38000 + 7 * n)::text FROM generate_series(0, 199) n");
sim($erp, 'fault', what => 'says', kind => 'throttled', at => 'every', path => 'api/execute');
sim($corpid{fine}, 'hold', at => 'first');
my $victim = Xbb::Session->new($node, user => 'etl');
held($corpid{fine}, $victim->send(q{CALL xbb.sync('killed', full => true)})) or die 'no run to kill';
$admin->run("SELECT pg_terminate_backend($victim->{pid})");
wait_until(sub { $admin->value("SELECT count(*) FROM pg_stat_activity WHERE pid = $victim->{pid}") == 0 }, 60) or die 'it does not die';
sim($corpid{fine}, 'clear', what => 'all');
step(15) for 1 .. 2;
my %expected = map { $_ => 1 } 'down unreachable', 'token token_refused', 'quota quota', 'forgotten did_not_run', 'killed failing', 'callers failing', 'people rejects';
is_deeply(told(0), \%expected, 'each is told once within two evaluations, and nothing else')
  or diag($admin->value("SELECT string_agg(body, E'\n\n' ORDER BY id) FROM xbb._alert_message WHERE channel = 'log'"));
step(15) for 1 .. long_run(3, 12);
is_deeply(told(0), \%expected, '... and not again, nor what follows from it');

# who asks sees the same
is($etl->value(q{SELECT string_agg(subject || ' ' || rule, ', ' ORDER BY subject) FROM xbb.alert WHERE state = 'firing'}), join(', ', sort keys %expected), 'what fires is in the view');

# the morning: all is mended
must($admin, "ALTER SERVER down OPTIONS (SET base_url '@{[sim_url()]}'); ALTER USER MAPPING FOR etl SERVER token OPTIONS (SET token 't0ken'); ALTER SERVER quota OPTIONS (SET daily_quota '100000')");
sim($erp, 'clear', what => 'all');
sim($corpid{fine}, 'touch', id => join(',', 51200001 .. 51200500), '{"text_1": "none"}');
my $before = last_message();
$runs{$_} = "CALL xbb.sync('$_')" for qw(forgotten killed);
step(15) for 1 .. 2;
is_deeply(told($before), { map { ("$_ over" => 1) } keys %expected }, 'that it is over is told once, and nothing else')
  or diag($admin->value("SELECT string_agg(body, E'\n\n' ORDER BY id) FROM xbb._alert_message WHERE channel = 'log' AND id > $before"));

# what a message is like
is($admin->value(q{SELECT count(*) FROM xbb._alert_message m JOIN xbb._alert_channel c ON c.owner = m.owner AND c.name = m.channel WHERE m.bytes > c.max_bytes OR m.bytes = 0}),
	0, 'no message is longer than its channel allows');
is($admin->value(q{SELECT count(*) FROM xbb._alert_message WHERE octet_length(body) > 2048 AND channel = 'group'}), 0, '... nor than WeCom takes');
is($admin->value(q{SELECT count(*) FROM xbb._alert_message WHERE NOT (body ~ E'\n(影响：|Impact: )' AND body ~ E'\n(处理：|Next: )(SELECT|CALL|TABLE) .*;')}),
	0, 'each has subject, impact and statement');
is($admin->value(q{SELECT count(*) FROM xbb._alert_message WHERE status <> 'sent'}), 0, 'all are sent');
my @documents = split(/\n/, sim($group, 'documents'));
is(scalar(@documents), $admin->value(q{SELECT count(*) FROM xbb._alert_message WHERE channel = 'group'}), 'the robot has each once');

# values of records
my $notified = join("\n", @notified);
like($notified, qr/"xbb_alert" with payload/, 'NOTIFY came');
my @places = (
	[ 'messages', $admin->value(q{SELECT string_agg(body, ' ') FROM xbb._alert_message}) . join(' ', @documents) ],
	[ 'NOTIFY', $notified ],
	[ 'the log of runs', $admin->value(q{SELECT coalesce(string_agg(error, ' '), '') FROM xbb.sync_run}) . $admin->value(q{SELECT coalesce(string_agg(error, ' '), '') FROM xbb.push_run}) ],
	[ 'alert', $admin->value(q{SELECT string_agg(a::text, ' ') FROM xbb.alert a}) ],
	[ 'the server\'s log', slurp_file($node->logfile) ]);
for my $place (@places)
{
	my ($name, $text) = @$place;
	is(scalar(grep { index($text, $_) >= 0 } @phones, '19912345678'), 0, "no number of a record is in $name");
}
is($etl->value('SELECT count(*) FROM etl.caller c JOIN xbb.push_item i ON i.key = ARRAY[c.phone]'), 200, '... which were sent');

# quiet days
$before = last_message();
must($etl, q{SELECT xbb.alter_sync(name, max_age => '1 day') FROM xbb.sync_definition; SELECT xbb.alter_push('callers', max_age => '1 day')});
step(60) for 1 .. 2;
is(last_message(), $before, 'it is over');
for my $turn (1 .. long_run(14, 168))
{
	sim($corpid{$_}, 'touch', id => 51200001 + $turn, '{"num_1": ' . $turn . '}') for @servers;
	$etl->run("UPDATE caller SET phone = phone || '0' WHERE id = '$turn'");
	step(long_run(720, 60));
}
is(last_message(), $before, 'seven quiet days: no message');
is($etl->value(q{SELECT count(*) FROM xbb.alert WHERE state <> 'ok'}), 0, '... and nothing fires');

$_->quit for $etl, $ops, $admin;
$node->stop;
sim($_, 'remove') for values %corpid, $erp, $group;
done_testing();
