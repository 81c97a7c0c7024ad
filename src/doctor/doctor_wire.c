/*-------------------------------------------------------------------------
 *
 * doctor_wire.c
 *	  Checks of the way to the API, by what was measured on requests that were sent anyway.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "doctor/doctor_state.h"

/* A certificate that ends in fewer days is worth a warning. */
#define CERTIFICATE_DAYS 14

/* Seconds by which the clocks may differ. */
#define CLOCK_SECONDS 5

static const char *
milliseconds(int64 us)
{
	return psprintf(us < 10000 ? "%.1f ms" : "%.0f ms", us / 1000.0);
}

bool
doctor_check_resolve(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	if (doctor->first.resolved_us > 0 || doctor->first.connected_us > 0)
		return doctor_says(finding, DOCTOR_OK, psprintf("the host's name in %s", milliseconds(doctor->first.resolved_us)), NULL);
	if (!doctor->first.fresh && doctor->answered)
		return doctor_says(finding, DOCTOR_UNKNOWN, "not seen: a connection was open", NULL);
	return doctor_says(finding, DOCTOR_FAIL, psprintf("the host's name is not known here%s%s", doctor->stopped ? ": " : "", doctor->stopped ? doctor->stopped : ""),
					   psprintf("ALTER SERVER %s OPTIONS (SET base_url 'https://<host>');  -- or mend the database server's DNS", doctor->subject.server));
}

bool
doctor_check_connect(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	const DoctorWire *wire = &doctor->first;

	if (wire->connected_us > 0)
		return doctor_says(finding, DOCTOR_OK, psprintf("in %s", milliseconds(Max(wire->connected_us - wire->resolved_us, 0))), NULL);
	if (wire->untrusted)
		return doctor_says(finding, DOCTOR_OK, "connected, see tls", NULL);
	if (!wire->fresh && doctor->answered)
		return doctor_says(finding, DOCTOR_UNKNOWN, "not seen: a connection was open", NULL);
	if (wire->resolved_us == 0)
		return doctor_says(finding, DOCTOR_SKIPPED, "the host's name is not known", NULL);
	return doctor_says(finding, DOCTOR_FAIL, psprintf("no connection%s%s", doctor->stopped ? ": " : "", doctor->stopped ? doctor->stopped : ""),
					   "Let the database server reach the API's host and port through its firewall; proxies of the environment are not used.");
}

bool
doctor_check_tls(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	const DoctorWire *wire = &doctor->first;
	int64		days;

	if (!doctor->subject.secure && doctor->subject.loopback)
		return doctor_says(finding, DOCTOR_OK, "none: base_url is http, on this machine itself", NULL);
	if (!doctor->subject.secure)
		return doctor_says(finding, DOCTOR_WARN, "none: base_url is http, so that anybody between can read and repeat requests",
						   psprintf("ALTER SERVER %s OPTIONS (SET base_url 'https://<host>');", doctor->subject.server));
	if (wire->connected_us == 0 && !wire->untrusted)
		return doctor_says(finding, DOCTOR_SKIPPED, "there is no connection", NULL);
	if (wire->secured_us == 0)
		return doctor_says(finding, DOCTOR_FAIL, psprintf("no TLS, or a certificate that is not accepted%s%s", doctor->stopped ? ": " : "", doctor->stopped ? doctor->stopped : ""),
						   psprintf("ALTER SERVER %s OPTIONS (ADD ca_file '<file>');  -- of the authority, where a firewall opens connections", doctor->subject.server));
	if (wire->certificate_until <= 0)
		return doctor_says(finding, DOCTOR_OK, psprintf("verified, in %s", milliseconds(wire->secured_us - wire->connected_us)), NULL);
	days = (int64) ((wire->certificate_until - wire->came) / 86400);
	return doctor_says(finding, days < CERTIFICATE_DAYS ? DOCTOR_WARN : DOCTOR_OK,
					   psprintf("verified, in %s; the certificate is good for " INT64_FORMAT " days", milliseconds(wire->secured_us - wire->connected_us), days),
					   days < CERTIFICATE_DAYS ? "Tell who runs the API, or the proxy in front of it, to renew the certificate." : NULL);
}

bool
doctor_check_reuse(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	const char *version = doctor->first.http_version >= 20 ? "HTTP/2" : doctor->first.http_version == 10 ? "HTTP/1.0" : "HTTP/1.1";

	if (doctor->reused)
		return doctor_says(finding, DOCTOR_OK, psprintf("connections are used again, %s", version), NULL);
	if (doctor->nfresh < 2)
		return doctor_says(finding, DOCTOR_UNKNOWN, "too few requests to tell", NULL);
	return doctor_says(finding, DOCTOR_WARN, psprintf("the other side closes each connection, %s: every page costs a new one, %s more", version,
													  milliseconds(Max(doctor->first.secured_us, doctor->first.connected_us))),
					   "Ask who runs the proxy or firewall in between; nothing else depends on it.");
}

bool
doctor_check_clock(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	const DoctorWire *wire = &doctor->dated;
	double		least;
	double		most;
	double		offset;

	if (doctor->nwires == 0)
		return doctor_says(finding, DOCTOR_SKIPPED, "there was no answer", NULL);
	if (wire->date <= 0)
		return doctor_says(finding, DOCTOR_WARN, "no answer has a Date that can be read: the greatest updateTime stands in for it",
						   "Ask who runs the proxy in between; scans take the API's clock from it.");
	/* a Date has whole seconds, and was written between sending and receiving */
	least = wire->date - wire->came;
	most = wire->date + 1 - wire->sent;
	offset = least > 0 ? least : most < 0 ? most : 0;
	if (offset >= -CLOCK_SECONDS && offset <= CLOCK_SECONDS)
		return doctor_says(finding, DOCTOR_OK, offset == 0 ? "the API's clock agrees with this server's" :
						   psprintf("the API's is %+.0f s", offset), NULL);
	return doctor_says(finding, DOCTOR_WARN, psprintf("the API's is %+.0f s against this server's", offset),
					   "Set the clock of the database server by NTP: scans go by the API's, but what is compared with now() is off, and signatures with times in them fail.");
}

static int
compare_us(const void *a, const void *b)
{
	int64		x = *(const int64 *) a,
				y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

bool
doctor_check_latency(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	const DoctorSubject *subject = &doctor->subject;
	int64		sorted[DOCTOR_DEEP_REQUESTS];
	int64		median;
	int			needed;

	if (doctor->nwires == 0)
		return doctor_says(finding, DOCTOR_SKIPPED, "there was no answer", NULL);
	memcpy(sorted, doctor->ended_us, sizeof(int64) * doctor->nwires);
	qsort(sorted, doctor->nwires, sizeof(int64), compare_us);
	median = sorted[doctor->nwires / 2];
	if (subject->rate_limit <= 0)
		return doctor_says(finding, DOCTOR_OK, psprintf("median %s of %d answers", milliseconds(median), doctor->nwires), NULL);
	needed = Max((int) ceil(subject->rate_limit * median / 1000000.0), 1);
	if (needed <= subject->concurrency)
		return doctor_says(finding, DOCTOR_OK, psprintf("median %s of %d answers: %d in flight reach %g requests a second",
														milliseconds(median), doctor->nwires, needed, subject->rate_limit), NULL);
	return doctor_says(finding, DOCTOR_WARN, psprintf("median %s of %d answers: %d in flight reach no more than %.1f requests a second, of %g",
													  milliseconds(median), doctor->nwires, subject->concurrency,
													  subject->concurrency * 1000000.0 / median, subject->rate_limit),
					   psprintf("ALTER SERVER %s OPTIONS (ADD concurrency '%d');  -- SET, if it is there", subject->server, Min(needed, 64)));
}
