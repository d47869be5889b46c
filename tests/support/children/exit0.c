/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The cheapest program there is, for what counts starts. link: static
 */

int main(void)
{
    return 0;
}
