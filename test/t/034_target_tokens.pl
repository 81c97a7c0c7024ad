# Tokens of targets are one for all sessions: eight that need a new one get it by one call,
# and eight that renew one that rotates never use a refresh token twice.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Target;
use Xbb;

my $node = start_node('target_tokens');
my @sessions = map { Xbb::Session->new($node) } 1 .. 8;
my ($any, $one) = ("tokenAny-$$", "tokenOne-$$");

# All at once; returns how many statements failed.
sub together
{
	my ($sql) = @_;

	$_->send($sql) for @sessions;
	return scalar grep { $_->result->{sqlstate} ne '00000' } @sessions;
}

sub tokens
{
	my ($name) = @_;

	return { sim($name, 'tokens') =~ /(\w+)=(\w+)/g };
}

# any call may ask
target_create($any, app_id => 'push', app_secret => 's3cret', token_life => 1000);
$sessions[0]->run(target_sql('free', $any, 'id text, v int', token => 1, repeat => 'upsert'));
my $send = q{DO $$ DECLARE n int; BEGIN SELECT count(*) INTO n FROM xbb.send('free', 'SELECT i::text AS id, 1 AS v FROM generate_series(1, 60) i')
	WHERE status = 'ok'; IF n <> 60 THEN RAISE '% of 60', n; END IF; END $$};
is(together($send), 0, 'eight sessions send at once');
is(tokens($any)->{issued}, 1, 'with one token');
for my $round (2 .. 4)
{
	sim($any, 'tokens', expire => 'on');
	is(together($send), 0, 'a token that is not good any more is renewed');
	is(tokens($any)->{issued}, $round, 'once');
}
sim($any, 'tokens', expire => 'on');
$_->quit for splice(@sessions, 4);
is(together($send), 0, 'sessions that ended take nothing along');
is(tokens($any)->{issued}, 5, 'nor do they leave anything');

# one that rotates: whoever asks within seconds means the same one
push @sessions, map { Xbb::Session->new($node) } 1 .. 4;
target_create($one, app_id => 'push', app_secret => 's3cret', refresh_token => 'r0', token_life => 1000);
$sessions[0]->run(target_sql('one', $one, 'id text, v int', token => 1, repeat => 'upsert'));
$sessions[0]->run(q{ALTER SERVER one OPTIONS (SET token_api '{"api": "/oauth2/token", "form": true, "body": {"grant_type": "refresh_token",
	"refresh_token": "{{refresh_token}}", "client_id": "{{app_id}}", "client_secret": "{{app_secret}}"},
	"token": "$.access_token", "expires_in": "$.expires_in", "refresh_token": "$.refresh_token"}')});
$sessions[0]->run(q{ALTER USER MAPPING FOR PUBLIC SERVER one OPTIONS (ADD refresh_token 'r0')});
is(together(q{CALL xbb.renew_token('one')}), 0, 'eight sessions renew at once');
is_deeply(tokens($one), { issued => 1, known => 1, locked => 'off' }, 'and one token is asked for');
for my $round (2 .. 3)
{
	$sessions[0]->run(q{UPDATE xbb.target_token SET renewed_at = renewed_at - interval '1 minute'});
	is(together(q{CALL xbb.renew_token('one')}), 0, 'again');
	is_deeply(tokens($one), { issued => $round, known => 1, locked => 'off' }, 'by the refresh token that came with the last');
}
is(together($send =~ s/'free'/'one'/r), 0, 'it is used by all');

# a push renews one that rotates in a step of its own, which commits: before it sends, and in its midst
$sessions[0]->run(q{CREATE TABLE pushed AS SELECT 'P' || i AS id, 1 AS v FROM generate_series(1, 200) i;
	SELECT xbb.create_push('rotates', source => 'pushed', target => 'one', key => '{id}')});
sub push_all_there
{
	my ($what) = @_;
	my $result = $sessions[0]->run(q{CALL xbb.push('rotates')});

	is($result->{sqlstate}, '00000', $what);
	is($sessions[0]->value(q{SELECT count(*) FROM xbb.push_item WHERE status = 'acknowledged'}), 200, '... and sends all');
	return;
}
$sessions[0]->run(q{UPDATE xbb.target_token SET renewed_at = renewed_at - interval '1 minute'});
sim($one, 'tokens', expire => 'on');
push_all_there('a push renews a token that is refused');
is_deeply(tokens($one), { issued => 4, known => 1, locked => 'off' }, '... once');
$sessions[0]->run(q{UPDATE pushed SET v = 2; UPDATE xbb.target_token SET renewed_at = renewed_at - interval '1 minute'});
sim($one, 'fault', what => 'says', kind => 'token', at => 4, path => 'api/execute');
push_all_there('... and one that is refused in its midst');
is_deeply(tokens($one), { issued => 5, known => 1, locked => 'off' }, '... once again');

# nobody renews it for a push with nothing to send
$sessions[0]->run(q{UPDATE xbb.target_token SET renewed_at = renewed_at - interval '1 minute', renew_at = now(), expires_at = now()});
push_all_there('a push with nothing to send');
is(tokens($one)->{issued}, 5, '... renews no token that is over');
$sessions[0]->run(q{CALL xbb.renew_token('one')});

# what another worker has renewed meanwhile is no reason to stop
$sessions[0]->run(q{UPDATE pushed SET v = 3; UPDATE xbb.target_token SET renewed_at = renewed_at - interval '1 minute'});
sim($one, 'hold', path => 'api/execute');
ok(held($one, $sessions[1]->send(q{CALL xbb.push('rotates')})), 'a request is under way with a token');
sim($one, 'tokens', expire => 'on');
$sessions[0]->run(q{CALL xbb.renew_token('one')});
is(tokens($one)->{issued}, 7, '... which is renewed by another');
sim($one, 'release');
is($sessions[1]->result->{sqlstate}, '00000', '... and the run goes on with the new one');
is(tokens($one)->{issued}, 7, '... and no other');

# in a copy of the database none is renewed
$sessions[0]->run(q{UPDATE xbb.target_token SET renewed_at = renewed_at - interval '1 minute'});
for my $elsewhere (q{UPDATE xbb._place SET directory = '/elsewhere'}, q{UPDATE xbb._push_definition SET place = gen_random_uuid()})
{
	$sessions[0]->run($elsewhere);
	is($sessions[0]->run(q{CALL xbb.renew_token('one')})->{sqlstate}, '55000', 'a copy renews no token');
	is(tokens($one)->{issued}, 7, '... and asks for none');
	$sessions[0]->run('SELECT xbb.activate()');
}
is($sessions[0]->run(q{CALL xbb.renew_token('one')})->{error}, '', '... until somebody says that it is at work');
is(tokens($one)->{issued}, 8, '... once');

# a lost answer is told, and not repeated
$sessions[0]->run(q{UPDATE xbb.target_token SET renewed_at = renewed_at - interval '1 minute'});
sim($one, 'fault', what => 'close', path => 'oauth2/token');
my $lost = $sessions[0]->run(q{CALL xbb.renew_token('one')});
is($lost->{sqlstate}, '28000', 'a renewal whose answer is lost is an error');
is(tokens($one)->{issued}, 9, 'and is not repeated');

done_testing();
