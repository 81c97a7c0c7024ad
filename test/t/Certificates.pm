# Authorities and certificates for the tests of TLS, made by openssl.
package Certificates;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(authority certificate);

my @key = qw(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes);

sub openssl
{
	my $output;

	IPC::Run::run([ 'openssl', @_ ], '>', \$output, '2>&1') or die "openssl @_: $output";
	return;
}

# $dir/$name.crt and .key
sub authority
{
	my ($dir, $name) = @_;

	openssl('req', '-x509', @key, '-subj', "/CN=$name", '-days', 30, '-keyout', "$dir/$name.key", '-out', "$dir/$name.crt");
	return;
}

# Signs a request; it expired long ago.  Only "ca" does so in every version.
sub sign_expired
{
	my ($dir, $name, $authority) = @_;

	append_to_file("$dir/ca.index", '');
	append_to_file("$dir/ca.conf", <<"END");
[ca]
default_ca = this
[this]
database = $dir/ca.index
new_certs_dir = $dir
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
END
	openssl('ca', '-batch', '-config', "$dir/ca.conf", '-cert', "$dir/$authority.crt", '-keyfile', "$dir/$authority.key",
		'-startdate', '20200101000000Z', '-enddate', '20200131000000Z', '-extfile', "$dir/$name.ext",
		'-in', "$dir/$name.csr", '-out', "$dir/$name.crt");
	return;
}

# A server's certificate, likewise; without an authority it signs itself, and without
# days it has expired.
sub certificate
{
	my ($dir, $name, $subject, $days, $authority) = @_;
	my @signer = $authority ? ('-CA', "$dir/$authority.crt", '-CAkey', "$dir/$authority.key", '-CAcreateserial')
	  : ('-signkey', "$dir/$name.key");

	append_to_file("$dir/$name.ext", "subjectAltName=$subject\n");
	openssl('req', @key, '-subj', '/CN=simulator', '-keyout', "$dir/$name.key", '-out', "$dir/$name.csr");
	if ($days)
	{
		openssl('x509', '-req', '-in', "$dir/$name.csr", @signer, '-days', $days, '-extfile', "$dir/$name.ext", '-out', "$dir/$name.crt");
	}
	else
	{
		sign_expired($dir, $name, $authority);
	}
	return;
}

1;
