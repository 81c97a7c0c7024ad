/*-------------------------------------------------------------------------
 *
 * option_url.c
 *	  Where the API is: URLs and paths as options, and its own hosts.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "option/option_data.h"

static const char *const api_urls[] = {
	"https://proapi.xbongbong.com", /* the edition inside DingTalk */
	"https://appapi.xbongbong.com"	/* all others */
};

/* The length of a host name or a bracketed IPv6 address, 0 if it is neither. */
static size_t
host_length(const char *host)
{
	if (*host == '[')
	{
		size_t		length = 1 + strspn(host + 1, "0123456789abcdef:.");

		return length > 1 && host[length] == ']' ? length + 1 : 0;
	}
	return strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-.");
}

bool
option_is_dots(const char *segment)
{
	int			dots = 0;

	for (; *segment != '\0' && *segment != '/'; dots++)
	{
		if (*segment == '.')
			segment++;
		else if (pg_strncasecmp(segment, "%2e", 3) == 0)
			segment += 3;
		else
			return false;
	}
	return dots == 1 || dots == 2;
}

bool
option_read_url(const char *text, const char **result)
{
	char	   *url = pstrdup(text);
	char	   *host = strstr(url, "://");
	char	   *rest;

	if (host == NULL)
		return false;
	host += strlen("://");
	rest = host + strcspn(host, "/?#");
	for (char *c = url; c < rest; c++)
		*c = pg_ascii_tolower((unsigned char) *c);
	if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
		return false;

	rest = host + host_length(host);
	if (rest == host)
		return false;
	if (*rest == ':')
	{
		size_t		digits = strspn(rest + 1, "0123456789");
		int			port = digits > 0 && digits <= 5 ? atoi(rest + 1) : 0;

		if (port < 1 || port > 65535)
			return false;
		rest += 1 + digits;
	}
	if (*rest != '\0' && *rest != '/')
		return false;
	for (char *c = rest; *c; c++)
	{
		if (!isalnum((unsigned char) *c) && !strchr("/-._~%", *c))
			return false;
		if (*c == '/' && option_is_dots(c + 1))
			return false;
	}

	for (size_t end = strlen(url); url[end - 1] == '/'; end--)
		url[end - 1] = '\0';
	*result = url;
	return true;
}

/* The length of scheme, host and port; the port that goes without saying is left out. */
static size_t
origin_length(const char *url)
{
	size_t		length = strcspn(url + strlen("https://"), "/?") + strlen("https://");
	const char *port = strncmp(url, "https:", 6) == 0 ? ":443" : ":80";
	size_t		port_length = strlen(port);

	if (length > port_length && strncmp(url + length - port_length, port, port_length) == 0)
		length -= port_length;
	return length;
}

bool
option_url_is_within(const char *url, const char *base_url)
{
	size_t		length;

	if (base_url == NULL)
		return strncmp(url, "https:", 6) == 0;
	length = origin_length(url);
	return length == origin_length(base_url) && strncmp(url, base_url, length) == 0;
}

bool
option_url_is_api(const char *url)
{
	for (int i = 0; i < (int) lengthof(api_urls); i++)
	{
		size_t		length = strlen(api_urls[i]);

		if (strncmp(url, api_urls[i], length) == 0)
		{
			const char *rest = url + length;

			if (strncmp(rest, ":443", 4) == 0)
				rest += 4;
			if (*rest == '\0' || *rest == '/')
				return true;
		}
	}
	return false;
}

const char *
option_url_by_corpid(const char *corpid)
{
	bool		dingtalk = strncmp(corpid, "ding", 4) == 0 ||
		strstr(corpid, "$$ding") != NULL;

	return api_urls[dingtalk ? 0 : 1];
}

bool
option_path_is_list(const char *text)
{
	size_t		length = strlen(text);

	if (length < 5 || text[0] != '/' ||
		(strcmp(text + length - 4, "list") != 0 &&
		 strcmp(text + length - 4, "List") != 0))
		return false;
	for (const char *c = text; *c; c++)
	{
		if (*c == '/' ? c[1] == '/' :
			!isalnum((unsigned char) *c) && *c != '_' && *c != '-')
			return false;
	}
	return true;
}
